/** A small page beside the service's own, built after it into the same folder: `NAME.html` with its `assets/NAME.js`. */
import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "vite";
import { noAddresses } from "./vite.config.ts";

export function beside(name: string): UserConfig {
  const root = fileURLToPath(new URL(`./${name}/`, import.meta.url));
  return defineConfig({
    root,
    base: "./",
    publicDir: false,
    plugins: [noAddresses()],
    build: {
      outDir: "../../src/nearfar/service/static",
      emptyOutDir: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      target: "es2022",
      rolldownOptions: {
        input: `${root}${name}.html`,
        output: { entryFileNames: `assets/${name}.js`, chunkFileNames: `assets/${name}-[name].js`, assetFileNames: `assets/${name}[extname]` },
      },
    },
  });
}
