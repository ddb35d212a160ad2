/**
 * What stands in the folder beside the project: how to begin, on each system.
 *
 * @module
 */

import { SYSTEMS } from "./systems.ts";

/** The text to read first. */
export const START_HERE = "START-HERE.txt";

/** What somebody can do in the room. */
export interface Contents {
  /** The systems that there is a Deno for. */
  systems: string[];
  /** The versions of Python that there is a JupyterLab for. */
  pythons: string[];
  /** Whether the exercises and their judge are there. */
  hasJudge: boolean;
}

/** The files, by their names. */
export function startFiles(contents: Contents): Map<string, string> {
  return new Map([
    [START_HERE, startHere(contents)],
    ["start.sh", startSh(contents)],
    ["start.cmd", startCmd.replaceAll("\n", "\r\n")],
  ]);
}

function startHere({ systems, pythons, hasJudge }: Contents): string {
  const jupyter = pythons.length === 0 ? "" : `
  deno task notebook       the chapters in JupyterLab. It takes a Python, which
                           has to be there: ${pythons.join(", ")}
`;
  const judge = !hasJudge ? "" : `
  deno task judge          the exercises, and what to do for each
  deno task judge first-server deno run --allow-net my.ts
                           has a program of your own judged
`;
  return `SOCKETS, GENTLY: for a room without internet

1. Copy this folder to your own disk. (JupyterLab can't live on a stick.) The
   folder "programs" has Deno for these systems; you need only your own:
   ${systems.join(", ")}

2. The book needs nothing: open book/index.html.

3. For everything else open a terminal:

   Windows          double-click start.cmd
   macOS, Linux     in a terminal, in this folder, type:  sh start.sh

   It begins in the folder "project", where \`deno\` works without internet.
   For a second terminal do the same again.

4. Type there:

  deno task demo           watch a server and a client greet each other
  deno run --allow-net=127.0.0.1:1234 server.ts
                           the server; Ctrl-C stops it
  deno run --allow-net=127.0.0.1:1234 client.ts
                           the client, in a second terminal
${judge}${jupyter}
Does macOS refuse to open "deno", since it came from the internet? Then type, in
this folder:  xattr -dr com.apple.quarantine programs
`;
}

function startSh({ systems }: Contents): string {
  const cases = systems.map((name) => {
    const { uname } = SYSTEMS[name];
    return uname ? `  ${uname}) system=${name} ;;\n` : "";
  }).join("");
  return `#!/bin/sh
# Opens a shell in the project in which \`deno\` works without internet. What
# follows the name of this file is run instead: sh start.sh deno task demo
here=$(cd "$(dirname "$0")" && pwd)
case "$(uname -s)-$(uname -m)" in
${cases}  *) echo "start: there is no Deno here for $(uname -sm)" >&2; exit 1 ;;
esac
chmod +x "$here/programs/$system/deno"
export PATH="$here/programs/$system:$PATH"
export DENO_DIR="$here/cache" DENO_NO_UPDATE_CHECK=1
cd "$here/project" || exit 1
[ $# -gt 0 ] && exec "$@"
echo "Here deno works without internet. Try: deno task demo (exit leaves)"
exec "\${SHELL:-/bin/sh}"
`;
}

const startCmd = `@echo off
rem Opens a prompt in the project in which deno works without internet. What
rem follows the name of this file is run instead: start.cmd deno task demo
set "PATH=%~dp0programs\\windows-x64;%PATH%"
set "DENO_DIR=%~dp0cache"
set DENO_NO_UPDATE_CHECK=1
cd /d "%~dp0project"
if "%~1"=="" goto prompt
%*
exit /b
:prompt
echo Here deno works without internet. Try: deno task demo
cmd /k
`;
