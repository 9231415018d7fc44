// Invented people, bots and conversations of a workspace.

export const minutes = 60_000;
export const hours = 60 * minutes;
export const days = 24 * hours;

export const people = [
  ["dana", "Dana Levi", "dana@lumen.example", "owner"],
  ["ben", "Ben Okafor", "ben@lumen.example", "admin"],
  ["mira", "Mira Sandoval", "mira@lumen.example", "agent"],
  ["noa", "Noa Friedman", "noa@lumen.example", "viewer"],
];

export const visitors = [
  "Amelia Hart",
  "Tomás Herrera",
  "יעל כהן",
  "Priya Raman",
  null,
  "Jonas Weber",
  "Chiara Conti",
  "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh",
  "مريم حداد",
  "Kenji Mori",
  "Sofia Almeida",
  null,
  "Liam O'Connor",
  "Zoë van Dijk",
];

export const subjects = [
  "Where is my order 10482? It was due on Tuesday",
  "Puedo cambiar la dirección de entrega?",
  "המשלוח לא הגיע, מה לעשות?",
  "The lamp flickers when I dim it below 20%",
  "Do you ship to Norway?",
  "Invoice for October is missing",
  "I would like to return two of the three chairs",
  "Hello",
  "لم تصلني رسالة التأكيد",
  "Discount code does not work at checkout",
  "Is the oak table in stock again?",
  "Broken glass in the package",
  "Change the name on my account",
  "Which bulb fits the Halo pendant?",
];

export const chat = [
  ["visitor", "Hi! Where is my order 10482? It was due on Tuesday."],
  [
    "bot",
    "I can look that up. Orders show their state under Account › Orders, and the carrier's link is in the mail we sent.",
  ],
  ["visitor", "The link says “label created” since Friday. Can a person look at it?"],
  ["agent", "Hi Amelia, I'm Dana. Let me check with the carrier, one moment."],
  ["agent", "They have it in the Leeds depot. It was mislabelled, and goes out tonight."],
  ["visitor", "Thank you! Do I need to do anything?"],
];

export const cannedReplies = [
  ["hello", "Hi {{visitor.name}}, thanks for writing! How can I help?"],
  ["return", "You can return items within 30 days: https://lumen.example/returns"],
  [
    "shipping",
    "Orders leave our warehouse within one working day, and take two to four days after that.",
  ],
  ["bye", "Glad I could help, {{visitor.name}}. Have a good day! {{agent.name}}"],
];

export const tags = ["billing", "delivery", "refund", "vip", "bug"];

export const widgetTexts = {
  title: "Chat with Lumen",
  greeting: "Hi! Ask us anything about lamps, orders and returns.",
};
