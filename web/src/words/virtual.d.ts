/** The compiled messages that the build makes of the JSON files beside this one. */
declare module 'virtual:words/*' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports -- an import statement would end the ambient declaration
  const messages: Record<string, import('icu-minify/format').CompiledMessage>;
  export default messages;
}
