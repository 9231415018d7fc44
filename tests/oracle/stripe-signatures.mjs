// A thousand Stripe-Signature headers, and whether Stripe's own library accepts each. The headers are the same in every run.
// `npm ci && npm run stripe-signatures` writes stripe-signatures.jsonl again; the tests of confab-providers compare their verdicts with it.
import { createHmac } from "node:crypto";
import Stripe from "stripe";

const tolerance = 300;
const stripe = new Stripe("sk_test_oracle");

// mulberry32: small, and enough to choose with.
let state = 20261121;
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};
const below = (end) => Math.floor(random() * end);
const between = (first, last) => first + below(last - first + 1);
const pick = (list) => list[below(list.length)];
const letters = (count) => Array.from({ length: count }, () => pick("abcdefghijkmnpqrstuvwxyz23456789")).join("");

const mac = (secret, text) => createHmac("sha256", secret).update(text, "utf8").digest("hex");

/** What a case starts from: a signature that is right. */
function good() {
  const secret = `whsec_${letters(12)}`;
  const now = 1_700_000_000 + below(100_000_000);
  const body = pick([
    () => JSON.stringify({ id: `evt_${letters(8)}`, object: "event" }),
    () => `{"id":"evt_${letters(4)}","name":"שלום ${letters(2)} ☃"}\n`,
    () => letters(between(1, 40)),
  ])();
  const at = now - between(-5, tolerance);
  return { secrets: [secret], body, now, at, signature: mac(secret, `${at}.${body}`), secret };
}

const cases = {
  valid: (c) => `t=${c.at},v1=${c.signature}`,
  old: (c) => {
    const at = c.now - tolerance - between(1, 90_000);
    return `t=${at},v1=${mac(c.secret, `${at}.${c.body}`)}`;
  },
  edge: (c) => {
    const at = c.now - tolerance - between(-1, 1);
    return `t=${at},v1=${mac(c.secret, `${at}.${c.body}`)}`;
  },
  near_future: (c) => {
    const at = c.now + between(1, tolerance);
    return `t=${at},v1=${mac(c.secret, `${at}.${c.body}`)}`;
  },
  future: (c) => {
    const at = c.now + tolerance + between(1, 90_000);
    return `t=${at},v1=${mac(c.secret, `${at}.${c.body}`)}`;
  },
  wrong_secret: (c) => `t=${c.at},v1=${mac(`whsec_${letters(12)}`, `${c.at}.${c.body}`)}`,
  secret_without_prefix: (c) => `t=${c.at},v1=${mac(c.secret.slice("whsec_".length), `${c.at}.${c.body}`)}`,
  other_time: (c) => `t=${c.at - 1},v1=${c.signature}`,
  other_body: (c) => {
    c.body += pick([" ", "\n", "x"]);
    return `t=${c.at},v1=${c.signature}`;
  },
  several_signatures: (c) => {
    const others = Array.from({ length: between(1, 4) }, () => mac(letters(8), c.body));
    if (random() < 0.7) others.splice(below(others.length + 1), 0, c.signature);
    return `t=${c.at},${others.map((one) => `v1=${one}`).join(",")}`;
  },
  several_secrets: (c) => {
    c.secrets = [`whsec_${letters(12)}`, c.secret, `whsec_${letters(12)}`].slice(0, between(1, 3));
    return `t=${c.at},v1=${c.signature}`;
  },
  other_schemes: (c) => pick([`t=${c.at},v0=${c.signature}`, `t=${c.at},v1=${c.signature},v0=${mac("x", c.body)}`, `v2=a,t=${c.at},v1=${c.signature}`]),
  order: (c) => pick([`v1=${c.signature},t=${c.at}`, `x=y,v1=${c.signature},,z,t=${c.at},`]),
  two_times: (c) => pick([`t=1,t=${c.at},v1=${c.signature}`, `t=${c.at},t=1,v1=${c.signature}`, `t=${c.at},t=x,v1=${c.signature}`, `t=${c.at},v1=${c.signature},t`]),
  spaces: (c) => pick([`t= ${c.at},v1=${c.signature}`, `t=${c.at} ,v1=${c.signature}`, `t=${c.at}, v1=${c.signature}`, ` t=${c.at},v1=${c.signature}`, `t=${c.at},v1= ${c.signature}`, `t=${c.at},v1=${c.signature} `, `t=\t${c.at},v1=${c.signature}`]),
  odd_number: (c) => pick([`t=0${c.at},v1=${c.signature}`, `t=+${c.at},v1=${c.signature}`, `t=${c.at}.5,v1=${c.signature}`, `t=${c.at}abc,v1=${c.signature}`, `t=-${c.at},v1=${c.signature}`, `t=0x${c.at.toString(16)},v1=${c.signature}`, `t=${c.at}e3,v1=${c.signature}`]),
  odd_signature: (c) => pick([`t=${c.at},v1=${c.signature.toUpperCase()}`, `t=${c.at},v1=${c.signature}=x`, `t=${c.at},v1=${c.signature.slice(1)}`, `t=${c.at},v1=${c.signature}0`, `t=${c.at},v1=0x${c.signature}`, `t=${c.at},v1="${c.signature}"`]),
  empty_signature: (c) => pick([`t=${c.at},v1=,v1=${c.signature}`, `t=${c.at},v1,v1=${c.signature}`, `t=${c.at},v1=${c.signature},v1=`, `t=${c.at},v1=`]),
  malformed: (c) => pick(["", "t", "t=", ",", "=", "v1", `t:${c.at};v1:${c.signature}`, `T=${c.at},V1=${c.signature}`, c.signature, `t=${c.at}`, `v1=${c.signature}`, `t==${c.at},v1=${c.signature}`, `t=${c.at},v1==${c.signature}`, letters(30)]),
  huge: (c) => `t=${c.at},${"x=y,".repeat(between(100, 400))}v1=${random() < 0.5 ? c.signature : mac("x", c.body)}`,
  blank_secret: (c) => {
    const blank = pick(["", " ", "\n"]);
    c.secrets = [blank];
    return `t=${c.at},v1=${mac(blank, `${c.at}.${c.body}`)}`;
  },
  not_a_number: (c) => `t=${pick(["x", "", "-"])},v1=${mac(c.secret, `NaN.${c.body}`)}`,
  non_ascii: (c) => `t=${c.at},v1=${c.signature},x=${pick(["é", "ש", "☃"])}`,
};

function accepted({ secrets, body, now }, header) {
  return secrets.some((secret) => {
    try {
      return stripe.webhooks.signature.verifyHeader(body, header, secret, tolerance, undefined, now * 1000);
    } catch {
      return false;
    }
  });
}

const names = Object.keys(cases);
for (let n = 0; n < 1000; n += 1) {
  const name = n % 3 === 0 ? pick(["valid", "several_signatures", "old", "future"]) : names[n % names.length];
  const start = good();
  const header = cases[name](start);
  const { secrets, body, now } = start;
  process.stdout.write(`${JSON.stringify({ case: name, secrets, body, now, header, accepted: accepted(start, header) })}\n`);
}
