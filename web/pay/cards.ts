// Test cards by their effect. This page never asks for a card number.
import type { Card } from "../api/pay";

export interface TestCard {
  card: Card;
  name: string;
  hint: string;
}

export const cards: TestCard[] = [
  { card: "success", name: "Card that pays", hint: "The money is there at once." },
  {
    card: "three_d_secure",
    name: "Card with a check by the bank",
    hint: "3-D Secure: one more step, which you confirm or not.",
  },
  {
    card: "async_success",
    name: "Bank debit that comes in",
    hint: "Accepted now, paid a while later.",
  },
  {
    card: "async_failure",
    name: "Bank debit that bounces",
    hint: "Accepted now, refused a while later.",
  },
  {
    card: "declined",
    name: "Card that is declined",
    hint: "The bank says no, and you may choose again.",
  },
];
