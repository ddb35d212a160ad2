/**
 * A copy of what a learner needs of the project, with a folder of the learner's
 * own in it: what is judged there leaves nothing behind in ours.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Process, read, ROOT } from "../harness.ts";

/** What the judge needs; no package is among it. */
const PARTS = [
  "deno.json",
  "lib",
  "server.ts",
  "client.ts",
  "udp",
  "notebook/exercises",
  "notebook/applications",
];

/** An echo server that is right. */
export const RIGHT = `import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        conn, _ = listener.accept()
        with conn:
            while data := conn.recv(1024):
                conn.sendall(data)
`;

/** One that answers nobody. */
export const MUTE = RIGHT.replace("conn.sendall(data)", "pass");

/** A place to learn in. */
export class Classroom implements AsyncDisposable {
  /** The project's copy. */
  readonly project: string;
  readonly #task: string[];

  private constructor(project: string, task: string[]) {
    this.project = project;
    this.#task = task;
  }

  /** Copies the project, and puts these files into the learner's folder. */
  static async open(files: Record<string, string> = {}): Promise<Classroom> {
    const project = await Deno.realPath(await Deno.makeTempDir());
    await Deno.mkdir(`${project}/notebook`);
    for (const part of PARTS) {
      await read(
        "cp",
        "-R",
        fileURLToPath(new URL(part, ROOT)),
        `${project}/${part}`,
      );
    }
    await Deno.remove(`${project}/notebook/exercises/.progress.json`)
      .catch(() => {});
    const { tasks } = JSON.parse(
      await Deno.readTextFile(`${project}/deno.json`),
    );
    const room = new Classroom(project, tasks["judge:do"].split(" "));
    await Deno.mkdir(room.folder);
    await room.put({ "my.py": RIGHT, "mute.py": MUTE, ...files });
    return room;
  }

  /** The learner's folder. */
  get folder(): string {
    return `${this.project}/mine`;
  }

  /** Writes files into it. */
  async put(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${this.folder}/${name}`, text);
    }
  }

  /** The words that the task runs, for who stands in the learner's folder. */
  command(...args: string[]): string[] {
    return [Deno.execPath(), ...this.#task.slice(1), ...args];
  }

  /** Runs the judge under just the task's permissions. */
  judge(args: string[], env: Record<string, string> = {}): Process {
    const [program, ...rest] = this.command(...args);
    return new Process(program, rest, {
      cwd: this.project,
      env: { INIT_CWD: this.folder, ...env },
    });
  }

  /** What the judge prints, and its exit code. */
  async ask(
    ...args: string[]
  ): Promise<{ code: number; out: string; err: string }> {
    await using run = this.judge(args);
    const code = await run.code();
    return { code, out: run.out.text, err: run.err.text };
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.project, { recursive: true });
  }
}
