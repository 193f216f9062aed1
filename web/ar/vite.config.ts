/** The page of a cube in the camera's picture: ar.html beside the service's own page, built after it. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { noAddresses } from "../vite.config.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: here,
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
      input: `${here}ar.html`,
      output: { entryFileNames: "assets/ar.js", chunkFileNames: "assets/ar-[name].js", assetFileNames: "assets/ar[extname]" },
    },
  },
});
