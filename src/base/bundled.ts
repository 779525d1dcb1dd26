// Where a file of a package is when the code that asks for it was bundled for a page.

/** Vite's development server bundles dependencies into this folder, and leaves the files that they name where they were. */
const OPTIMIZED = /\/\.vite\/deps\w*\/.*$/

/**
 * The address to fetch: `address`, which a bundler made of `new URL(literal, import.meta.url)`, unless `module` (its
 * `import.meta.url`) is a dependency that Vite's development server has moved; then the file is at `packaged`, by package
 * and path, beside the folder of moved ones.
 */
export function bundledAddress(address: string, module: string, packaged: string): string {
  return OPTIMIZED.test(module) ? module.replace(OPTIMIZED, `/${packaged}`) : address
}
