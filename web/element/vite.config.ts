/** The package `nearfar` for npm, written to dist/npm: publishing it is the owner's. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { noAddresses } from "../vite.config.ts";

const web = fileURLToPath(new URL("..", import.meta.url));
const runtime = join(web, "node_modules/onnxruntime-web/dist");
const out = join(web, "../dist/npm");
const ours = (name: string): string => join(web, "element", name);
const BESIDE: Readonly<Record<string, string>> = {
  "embedded-int8.onnx": join(web, "../src/nearfar/assets/embedded-int8.onnx"),
  "ort-wasm-simd-threaded.mjs": join(runtime, "ort-wasm-simd-threaded.mjs"),
  "ort-wasm-simd-threaded.wasm": join(runtime, "ort-wasm-simd-threaded.wasm"),
  "ort.LICENSE.txt": join(web, "studio/onnxruntime.LICENSE.txt"),
  LICENSE: join(web, "../LICENSE"),
  "README.md": ours("README.md"),
  "nearfar.d.ts": ours("nearfar.d.ts"),
};

/** The package's own record, of the version that the library has. */
function manifest(): string {
  const version = /__version__ = "([^"]+)"/.exec(readFileSync(join(web, "../src/nearfar/__init__.py"), "utf8"))?.[1];
  const told = {
    name: "nearfar",
    version,
    description: "Depth of a single photo in the browser: an element and a function.",
    type: "module",
    license: "Apache-2.0",
    exports: { ".": { types: "./nearfar.d.ts", default: "./nearfar.js" }, "./*": "./*" },
    files: ["nearfar.js", "worker.js", ...Object.keys(BESIDE)],
    sideEffects: true,
  };
  return `${JSON.stringify(told, null, 2)}\n`;
}

function belongings(): Plugin {
  return {
    name: "npm-belongings",
    closeBundle() {
      for (const [name, path] of Object.entries(BESIDE)) writeFileSync(join(out, name), readFileSync(path));
      writeFileSync(join(out, "package.json"), manifest());
    },
  };
}

export default defineConfig({
  root: web,
  base: "./",
  publicDir: false,
  plugins: [noAddresses(), belongings()],
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"] },
  build: {
    outDir: out,
    emptyOutDir: true,
    modulePreload: false,
    target: "es2022",
    rolldownOptions: {
      input: ours("main.ts"),
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "nearfar.js", chunkFileNames: "[name].js" },
    },
  },
  worker: { format: "es", plugins: () => [noAddresses()], rolldownOptions: { output: { entryFileNames: "worker.js" } } },
});
