import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const server = process.env.HEADRACE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  // The content security policy allows no data: fonts and no inline code, so nothing is inlined.
  build: {
    outDir: '../src/headrace/web/static',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
  },
  server: { proxy: { '/api': server } },
  test: { include: ['src/**/*.test.ts'] },
})
