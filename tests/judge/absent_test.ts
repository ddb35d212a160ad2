import { assertEquals, assertStringIncludes } from "@std/assert";
import { linux, needs, program } from "../harness.ts";
import { Classroom, RIGHT } from "./classroom.ts";

const IPV6 = RIGHT.replace(
  '(("127.0.0.1", int(sys.argv[1])))',
  '(("::1", int(sys.argv[1])), family=socket.AF_INET6)',
);

const UDP = `import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", int(sys.argv[1])))
sock.recv(10)
`;

/** It leaves a copy behind, which listens only when its parent is long gone. */
const FORKED = `import os, sys, time
parent = os.getpid()
if os.fork(): sys.exit(0)
os.setsid()
while os.getppid() == parent: time.sleep(0.001)
time.sleep(1)
`;

interface Case {
  name: string;
  /** The command line, or the text of `mine.py`. */
  args?: string[];
  text?: string;
  exercise?: string;
  id: string;
  says: string[];
}

const CASES: Case[] = [
  {
    name: "a file that is not there",
    args: ["./nowhere"],
    id: "not-there",
    says: ["There is no program ./nowhere", '--build "…"'],
  },
  {
    name: "a program that is not installed",
    args: ["nowhere"],
    id: "not-there",
    says: ["There is no program called nowhere", "begins with ./"],
  },
  {
    name: "a program's text, without its language",
    args: ["my.py"],
    id: "not-there",
    says: ["Type: python3 my.py"],
  },
  {
    name: "a program's text that has to be built",
    args: ["my.c"],
    id: "not-there",
    says: ['--build "gcc -o my my.c" ./my'],
  },
  {
    name: "a file that may not be run",
    args: ["./notes"],
    id: "not-there",
    says: ["chmod +x ./notes"],
  },
  {
    name: "a text that does not exist",
    args: ["python3", "nix.py"],
    id: "exits-at-start",
    says: ["ended with exit code 2", "No such file or directory"],
  },
  {
    name: "a program with a mistake in its text",
    text: "def f(:\n",
    id: "exits-at-start",
    says: ["ended with exit code 1", "SyntaxError"],
  },
  {
    name: "a program that ends at once",
    text: "print('hello')\n",
    id: "exits-at-start",
    says: ["ended with exit code 0", "without a word"],
  },
  {
    name: "a program that goes into the background",
    text: FORKED,
    id: "goes-to-background",
    says: ["serves in the background"],
  },
  {
    name: "another port",
    text: RIGHT.replace("int(sys.argv[1])", "0"),
    id: "listens-elsewhere",
    says: ["instead", "its last argument"],
  },
  {
    name: "another address",
    text: RIGHT.replace("127.0.0.1", "127.0.0.2"),
    id: "listens-elsewhere",
    says: ["127.0.0.2:", "the port is right, the address is not"],
  },
  {
    name: "another family",
    text: IPV6,
    id: "listens-elsewhere",
    says: ["[::1]:", "That is IPv6"],
  },
  {
    name: "UDP where TCP is asked for",
    text: UDP,
    id: "wrong-protocol",
    says: ["over UDP", "This exercise is over TCP"],
  },
  {
    name: "TCP where UDP is asked for",
    text: RIGHT,
    exercise: "datagrams",
    id: "wrong-protocol",
    says: ["over TCP", "This exercise is over UDP"],
  },
  {
    name: "the wrong stream",
    text: RIGHT.replace(
      "conn.sendall(data)",
      "print(data.decode(), end='', file=sys.stderr, flush=True)",
    ),
    exercise: "hear",
    id: "prints-nothing",
    says: ["prints it to standard error"],
  },
  {
    name: "a program that crashes in a conversation",
    text: RIGHT.replace("conn.sendall(data)", "conn.sendall('text')"),
    id: "no-echo",
    says: ["ended with exit code 1: TypeError"],
  },
];

for (const { name, args, text, exercise = "echo", id, says } of CASES) {
  Deno.test(
    needs(`told plainly: ${name}`, linux, program("python3")),
    async () => {
      await using room = await Classroom.open({
        "my.c": "int main(void) { return 0; }\n",
        "notes": "text\n",
        ...text && { "mine.py": text },
      });
      const command = args ?? ["python3", "mine.py"];
      const { code, out } = await room.ask(exercise, "--json", ...command);
      assertEquals(code, 1);
      const verdict = JSON.parse(out.trim().split("\n").at(-1)!);
      assertEquals(verdict.id, id, out);
      for (const words of says) assertStringIncludes(verdict.message, words);
    },
  );
}
