// The debug build of the core (`npm run build -- --debug-core`): what comments promise is asserted there, and a promise that is broken ends
// the run with its file and line. In the release the constant is false, and nothing of it is compiled.
export const DEBUG: bool = !ASC_NO_ASSERT
