/** The studio: the page as a folder of files that needs no server of its own, written to dist/studio. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { leanThree, licences, noAddresses } from "../vite.config.ts";

const page = fileURLToPath(new URL("..", import.meta.url));
const assets = join(page, "../src/nearfar/assets");
const runtime = join(page, "node_modules/onnxruntime-web/dist");
const out = join(page, "../dist/studio");
const LEFT_OUT = ["help.html", "build.json"]; // they tell of the service
const SAMPLES = ["room.jpg", "street.jpg"]; // two will do: all that lies here is loaded at the first visit
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; " +
  "media-src 'self' blob:; connect-src 'self' blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; " +
  "base-uri 'none'; form-action 'self'";

/** The page's own document with another beginning, and a policy: no request to any other host. */
function document(): Plugin {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />`;
  return {
    name: "studio-document",
    transformIndexHtml: {
      order: "pre",
      handler: (html) => html.replace("/src/main.ts", "/studio/main.ts").replace('<meta charset="utf-8" />', `<meta charset="utf-8" />\n    ${policy}`),
    },
  };
}

/** What the page needs besides its own code: the network, its runtime, the samples. */
function belongings(): Plugin {
  const from = new Map<string, string>([
    ["assets/embedded-int8.onnx", join(assets, "embedded-int8.onnx")],
    ...["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"].map((name): [string, string] => [`assets/${name}`, join(runtime, name)]),
    ["assets/ort.LICENSE.txt", join(page, "studio/onnxruntime.LICENSE.txt")],
    ["LICENSE.txt", join(page, "../LICENSE")],
    ...SAMPLES.map((name): [string, string] => [`samples/${name}`, join(assets, "samples", name)]),
  ]);
  return {
    name: "studio-belongings",
    generateBundle() {
      for (const [fileName, path] of from) this.emitFile({ type: "asset", fileName, source: readFileSync(path) });
    },
  };
}

/** The few sentences that are told without a service, in place of all that one may say. */
function ownDetails(): Plugin {
  return {
    name: "studio-details",
    enforce: "pre",
    resolveId: (source) => (source === "./details.json" ? join(page, "studio/details.json") : null),
  };
}

/** At the very end: the service worker, which knows every file and by their hash whether they are new. */
function keeper(): Plugin {
  return {
    name: "studio-keeper",
    closeBundle() {
      for (const name of LEFT_OUT) rmSync(join(out, name), { force: true });
      const files = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile() && file.name !== "sw.js")
        .map((file) => join(file.parentPath, file.name).slice(out.length + 1))
        .sort();
      const hash = createHash("sha256");
      for (const name of files) hash.update(name).update(readFileSync(join(out, name)));
      const source = readFileSync(join(page, "studio/sw.js"), "utf8");
      const told = source.replace("VERSION", hash.digest("hex").slice(0, 16)).replace("FILES = []", `FILES = ${JSON.stringify(files)}`);
      writeFileSync(join(out, "sw.js"), told);
    },
  };
}

export default defineConfig({
  root: page,
  base: "./",
  plugins: [document(), leanThree(), noAddresses(), licences(), ownDetails(), belongings(), keeper()],
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"] },
  build: {
    outDir: out,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2022",
    rolldownOptions: {
      output: {
        entryFileNames: "assets/page.js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/page[extname]",
      },
    },
  },
  worker: { format: "es", plugins: () => [noAddresses()], rolldownOptions: { output: { entryFileNames: "assets/[name].js" } } },
});
