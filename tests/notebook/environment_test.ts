/** The notebooks' environment, and what is done with the notebooks in it. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ENVIRONMENT, isPrepared, prepare } from "../../notebook/jupyter.ts";
import {
  linux,
  needs,
  Process,
  program,
  read,
  ROOT,
  superuser,
  unix,
  untilListening,
} from "../harness.ts";

const jupyter: [boolean, string] = [
  await isPrepared(),
  "no Jupyter yet; deno task notebook:setup",
];

/** What a notebook's folder needs to have an environment. */
const PARTS = ["deno.json", "vendor", "lib", "notebook/jupyter"]
  .concat("notebook/jupyter.ts", "notebook/execute.py");

/** A project with that and these files in it, and without requirements. */
async function makeProject(files: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(join(folder, "notebook"));
  for (const part of PARTS) {
    const from = fileURLToPath(new URL(part, ROOT));
    await read("cp", "-R", from, join(folder, part));
  }
  const all = { "notebook/requirements.txt": "", ...files };
  for (const [path, text] of Object.entries(all)) {
    await Deno.writeTextFile(join(folder, path), text);
  }
  return {
    folder,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** The task `notebook:do` in a project: how it ends, and its words. */
async function notebook(
  cwd: string,
  args: string[],
  as: string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const [command, ...rest] = [...as, "deno", "task", "-q", "notebook:do"];
  // A task that runs in a task is told where the outer one was started.
  const env = { INIT_CWD: cwd };
  await using process = new Process(command, [...rest, ...args], { cwd, env });
  const code = await process.code();
  return { code, out: process.out.text, err: process.err.text };
}

// --- An environment that works no longer -------------------------------------

Deno.test({
  ...needs(
    "an environment whose Python has gone is made again, and it says so",
    unix,
    program("python3"),
  ),
  async fn() {
    await using project = await makeProject();
    const setup = () => notebook(project.folder, ["setup"]);
    const made = await setup();
    assertEquals([made.code, made.err], [
      0,
      "notebook: making notebook/.venv, once; it takes a minute\n",
    ]);
    const venv = join(project.folder, "notebook", ".venv");
    const python = join(venv, "bin", "python");
    const where = "import sysconfig; print(sysconfig.get_path('purelib'))";
    const packages = (await read(python, "-c", where)).trim();
    // What would be there if the requirements asked for it.
    for (const name of ["jupyterlab.py", "nbclient.py"]) {
      await Deno.writeTextFile(join(packages, name), "");
    }
    assertEquals(await setup(), { code: 0, out: "", err: "" });
    await Deno.remove(python);
    await Deno.symlink("/nowhere/python3", python);
    const again = await setup();
    assertEquals([again.code, again.err], [
      0,
      "notebook: the Python that notebook/.venv was made with is gone; " +
      "making it again; it takes a minute\n",
    ]);
    assertMatch(await read(python, "--version"), /^Python 3/);
  },
});

Deno.test({
  ...needs(
    "an environment that somebody else has closed is one line, with the cure",
    linux,
    superuser,
  ),
  async fn() {
    await using project = await makeProject();
    const { folder } = project;
    await Deno.mkdir(join(folder, "notebook", ".venv"), { mode: 0o700 });
    await Deno.chmod(folder, 0o755);
    // Root's own Deno may be where nobody else may look.
    const deno = join(folder, "deno");
    await Deno.copyFile(Deno.execPath(), deno);
    await Deno.chmod(deno, 0o755);
    const cache = await Deno.makeTempDir();
    await Deno.chmod(cache, 0o777);
    const as = [
      ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
      ...["env", `PATH=${folder}:/usr/bin:/bin`, `DENO_DIR=${cache}`],
    ];
    for (const command of ["setup", "open", "run"]) {
      const { code, err } = await notebook(folder, [command], as);
      assertEquals(code, 1);
      assertMatch(
        err,
        /^notebook: notebook\/\.venv, .* closed to you; remove .*\n$/,
      );
    }
    await Deno.remove(cache, { recursive: true });
  },
});

// --- A run, and JupyterLab ---------------------------------------------------

const ONE = JSON.stringify({
  cells: [{
    ...{ cell_type: "code", id: "one", metadata: {}, outputs: [] },
    ...{ execution_count: null, source: "console.log(6 * 7)" },
  }],
  ...{ metadata: {}, nbformat: 4, nbformat_minor: 5 },
});

Deno.test({
  ...needs(
    "a run leaves the notebook alone unless it is asked to write",
    jupyter,
    unix,
  ),
  async fn() {
    const requirements = await Deno.readTextFile(
      new URL("notebook/requirements.txt", ROOT),
    );
    await using project = await makeProject({
      "notebook/one.ipynb": ONE,
      "notebook/requirements.txt": requirements,
    });
    const at = (name: string) => join(project.folder, "notebook", name);
    await Deno.symlink(
      fileURLToPath(new URL("notebook/.venv", ROOT)),
      at(".venv"),
    );
    const run = (...flags: string[]) =>
      notebook(project.folder, ["run", ...flags, "notebook/one.ipynb"]);
    const { code, out, err } = await run();
    assertEquals(code, 0, err);
    assertMatch(out, /; the run is in notebook\/one\.run\.ipynb\n$/);
    assertEquals(await Deno.readTextFile(at("one.ipynb")), ONE);
    const copy = await Deno.readTextFile(at("one.run.ipynb"));
    assertMatch(copy, /"42\\n"/);
    // The copy is none of the notebooks: a second run does not run it, too.
    const written = await notebook(project.folder, ["run", "--write"]);
    assertMatch(written.out, /; the run is in notebook\/one\.ipynb\n$/);
    assert(!written.out.includes("run.ipynb"));
    assertEquals(await Deno.readTextFile(at("one.ipynb")), copy);
    assertEquals(await run("--wirte"), {
      code: 1,
      out: "",
      err: "notebook: --wirte is unknown; there is --write\n",
    });
  },
});

Deno.test({
  ...needs(
    "JupyterLab begins with the first chapter, and lists chapters",
    jupyter,
    unix,
  ),
  async fn() {
    await prepare();
    const flags = ["--no-browser", "--allow-root", "--ServerApp.port=0"];
    // By itself: a task does not pass on the signal that ends it.
    const { tasks } = JSON.parse(
      await Deno.readTextFile(new URL("deno.json", ROOT)),
    );
    const [deno, ...args] = tasks["notebook:do"].split(" ");
    await using lab = new Process(deno, [...args, "open", ...flags]);
    await using _ = {
      async [Symbol.asyncDispose]() {
        lab.kill("SIGTERM"); // killed, it would leave JupyterLab behind
        await lab.code();
      },
    };
    const [, origin, path, token] = await lab.err.until(
      /(http:\/\/127\S+?\d)(\/lab\S*)\?token=(\w+)/,
    );
    assertEquals(path, "/lab/tree/start.ipynb");
    // JupyterLab says where it is before it listens there.
    await untilListening(Number(new URL(origin).port));
    const get = async (path: string) => {
      const url = `${origin}/api/contents/${path}?token=${token}`;
      const response = await fetch(url).catch(({ message, cause }) => {
        throw new Error(`${message}: ${cause}\n${lab.err.text}`);
      });
      return await response.json();
    };
    const names = (await get("")).content.map(
      ({ name }: { name: string }) => name,
    );
    for (const name of ["start.ipynb", "sockets.ipynb", "growing"]) {
      assert(names.includes(name), name);
    }
    for (const name of ["execute.py", "ledger.json", "jupyter", "recorded"]) {
      assert(!names.includes(name), name);
    }
    // What is not listed can still be read: pictures are there.
    assertEquals((await get("recorded/ladder.png")).name, "ladder.png");
  },
});

/** Stops a kernel, as Jupyter does, while a cell waits for somebody to call. */
const STOP = `
from jupyter_client.manager import KernelManager

kernel = KernelManager(kernel_name="deno")
kernel.start_kernel()
client = kernel.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=60)
client.execute("console.log('waiting'); await Deno.listen({ port: 0 }).accept()")
while client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
    pass
kernel.interrupt_kernel()
kernel.provisioner.process.wait()
print("ended")
`;

Deno.test({
  ...needs("Stop ends a cell that waits for ever", jupyter, unix),
  async fn() {
    await prepare();
    const python = join(ENVIRONMENT, "bin", "python");
    await using process = new Process(python, ["-c", STOP]);
    await process.out.until(/^ended$/m);
    assertEquals(await process.code(), 0);
  },
});
