// Test cards by their effect. This page never asks for a card number.
import type { Card } from "../api/pay";

export interface TestCard {
  card: Card;
  name: string;
  hint: string;
}

export const cards: TestCard[] = [
  { card: "success", name: "Card that succeeds", hint: "Paid at once." },
  {
    card: "three_d_secure",
    name: "Card with 3-D Secure",
    hint: "One more step, which you confirm or fail.",
  },
  {
    card: "async_success",
    name: "Bank debit that succeeds",
    hint: "Accepted now, paid later.",
  },
  {
    card: "async_failure",
    name: "Bank debit that fails",
    hint: "Accepted now, refused later.",
  },
  {
    card: "declined",
    name: "Card that is declined",
    hint: "The bank declines, and you can choose another card.",
  },
];
