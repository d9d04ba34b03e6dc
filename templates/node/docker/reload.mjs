// Runs a command, and again whenever a file in /app changes: node /opt/dev/reload.mjs "COMMAND LINE"
import { spawn } from "node:child_process";
import { watch } from "node:fs";

const command = process.argv[2];
let child;
let timer;
let ending = false;

function start() {
  child = spawn("/bin/sh", ["-c", `exec ${command}`], { stdio: "inherit" });
  child.on("exit", (status, signal) => {
    if (ending) process.exit(status ?? 0);
    if (!signal) console.error(`reload: it ended with ${status}; waiting for a change`);
  });
}

function again() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (child.exitCode !== null || child.signalCode !== null) return start();
    child.once("exit", start);
    child.kill("SIGTERM");
  }, 200);
}

watch("/app", { recursive: true }, (_, name) => {
  if (name && !name.startsWith("node_modules")) again();
});
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    ending = true;
    if (child.exitCode !== null || child.signalCode !== null) process.exit(0);
    child.kill(signal);
  });
}
start();
