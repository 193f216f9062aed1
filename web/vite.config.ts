/** The build: a few files of fixed names, the same bytes every time, into the package of the service. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = ["ar", "index.html", "obs", "package-lock.json", "package.json", "public", "src", "tsconfig.json", "vite.config.ts"];

function filesUnder(path: string): string[] {
  if (!statSync(join(here, path)).isDirectory()) return [path];
  return readdirSync(join(here, path)).flatMap((name) => filesUnder(`${path}/${name}`));
}

/** SHA-256 over "path NUL sha256-of-file LF" of all sources in order of their paths; tests compute it anew. */
function sourceHash(): string {
  const all = createHash("sha256");
  for (const path of SOURCES.flatMap(filesUnder).sort()) {
    const digest = createHash("sha256").update(readFileSync(join(here, path))).digest("hex");
    all.update(`${path}\0${digest}\n`);
  }
  return all.digest("hex");
}

/** Writes build.json, which says what sources the committed files were built from. */
function buildRecord(): Plugin {
  return {
    name: "build-record",
    generateBundle() {
      const source = `${JSON.stringify({ source_sha256: sourceHash() }, null, 2)}\n`;
      this.emitFile({ type: "asset", fileName: "build.json", source });
    },
  };
}

/** Lays the licence of what is built in beside the page, as it asks. */
export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const source = readFileSync(join(here, "node_modules/three/LICENSE"), "utf-8");
      this.emitFile({ type: "asset", fileName: "assets/space.LICENSE.txt", source });
    },
  };
}

/** Shaders of three.js for lights, shadows, glass and rooms of light: nothing in the page's scene has any. */
const UNUSED_SHADERS = /^(?:var|const) (?:lights|shadow|transmission|iridescence|lightprobes|clearcoat|envmap_physical|cube_uv|tonemapping_pars|batching|skinning|skinbase|skinnormal|morph|displacementmap|bumpmap|normalmap|emissivemap|roughnessmap|metalnessmap|gradientmap|alphahash)\w* = "(?:[^"\\]|\\.)*";$/gm;
const UNUSED_MATERIALS = /^(const (?:vertex|fragment)\$?\w* =) "(#define (?:STANDARD|LAMBERT|PHONG|TOON|MATCAP|NORMAL|DISTANCE)\b(?:[^"\\]|\\.)*)";$/gm;

/** Leaves out of three.js what the page never draws: a quarter of its text. */
export function leanThree(): Plugin {
  return {
    name: "lean-three",
    transform(code, id) {
      if (!id.endsWith("three/build/three.module.js")) return null;
      const lean = code.replace(UNUSED_SHADERS, (line) => line.replace(/= "[^]*"/, '= ""')).replace(UNUSED_MATERIALS, '$1 "";');
      return { code: lean, map: null };
    },
  };
}

/** Takes addresses out of the messages of libraries: no file of the page names another server. */
export function noAddresses(): Plugin {
  return {
    name: "no-addresses",
    renderChunk: (code) => code.replaceAll(/https:\/\/[^\s"'`)\\]+/g, ""),
  };
}

export default defineConfig({
  base: "./", // also right behind a proxy that adds a path
  plugins: [leanThree(), noAddresses(), licences(), buildRecord()],
  build: {
    outDir: "../src/nearfar/service/static",
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
  server: {
    proxy: {
      "/v1": "http://127.0.0.1:8080",
      "/healthz": "http://127.0.0.1:8080",
      "/samples": "http://127.0.0.1:8080", // they lie in src/nearfar/assets
    },
  },
});
