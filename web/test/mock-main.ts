// Serves the mock for looking at the pages: `npm run mock`.
import { startMock } from "./mock";

const port = Number(process.env.PORT ?? 7070);
const mock = await startMock({ port, demo: process.argv.includes("--demo") });
console.log(
  `${mock.url}, ${mock.url}/phone, ${mock.url}/telegram, ${mock.url}/ledger, ${mock.url}/mailbox, ${mock.url}/carousel, ${mock.url}/desk and ${mock.url}/rooms#room=k7m2p9q4xw`,
);
