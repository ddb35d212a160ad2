/**
 * The systems that the laptops of a room may have, and what each of them takes:
 * Deno's program, and the wheels of Python.
 *
 * @module
 */

/** A system that a laptop may have. */
export interface System {
  /** The package in which npm keeps Deno's program for it. */
  program: string;
  /** The file in that package. */
  file: "deno" | "deno.exe";
  /** What `uname -s` and `uname -m` say there; Windows has no `uname`. */
  uname?: string;
  /** The kinds of wheels that it takes, as pip names them. */
  tags: string[];
  /** What its Python says about itself, which decides on the packages. */
  markers: Record<string, string>;
}

const LINUX = {
  file: "deno",
  markers: {
    os_name: "posix",
    sys_platform: "linux",
    platform_system: "Linux",
  },
} as const;

const MAC = {
  file: "deno",
  markers: {
    os_name: "posix",
    sys_platform: "darwin",
    platform_system: "Darwin",
  },
} as const;

/** The systems by their names. */
export const SYSTEMS: Record<string, System> = {
  "linux-x64": {
    ...LINUX,
    program: "@deno/linux-x64-glibc",
    uname: "Linux-x86_64",
    tags: manylinux("x86_64"),
    markers: { ...LINUX.markers, platform_machine: "x86_64" },
  },
  "linux-arm64": {
    ...LINUX,
    program: "@deno/linux-arm64-glibc",
    uname: "Linux-aarch64",
    tags: manylinux("aarch64"),
    markers: { ...LINUX.markers, platform_machine: "aarch64" },
  },
  "mac-arm64": {
    ...MAC,
    program: "@deno/darwin-arm64",
    uname: "Darwin-arm64",
    tags: ["macosx_13_0_arm64"], // pip takes those for older ones with it
    markers: { ...MAC.markers, platform_machine: "arm64" },
  },
  "mac-x64": {
    ...MAC,
    program: "@deno/darwin-x64",
    uname: "Darwin-x86_64",
    tags: ["macosx_13_0_x86_64"],
    markers: { ...MAC.markers, platform_machine: "x86_64" },
  },
  "windows-x64": {
    program: "@deno/win32-x64",
    file: "deno.exe",
    tags: ["win_amd64"],
    markers: {
      os_name: "nt",
      sys_platform: "win32",
      platform_system: "Windows",
      platform_machine: "AMD64",
    },
  },
};

/** The kinds of wheels for the C library of Debian 11, and of all before it. */
function manylinux(machine: string): string[] {
  const versions = Array.from({ length: 27 }, (_, i) => `_2_${5 + i}`);
  return [...versions, "2014", "2010", "1"]
    .map((version) => `manylinux${version}_${machine}`);
}

/** The name of the system that this is. */
export function ownSystem(): string {
  const { os, arch } = Deno.build;
  const names: Record<string, string> = { darwin: "mac" };
  return `${names[os] ?? os}-${arch === "aarch64" ? "arm64" : "x64"}`;
}
