/** The build makes a stylesheet a minified text. */
declare module "*.css" {
  const text: string;
  export default text;
}
