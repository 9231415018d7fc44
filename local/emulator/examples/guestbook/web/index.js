// The AWS SDK is part of Lambda's Node.js runtimes; docs/local.md says how local gets it.
const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");

const queue = new SQSClient();
const sockets = new ApiGatewayManagementApiClient({ endpoint: process.env.SOCKET_ENDPOINT });

exports.handler = async (event) => {
  const { connectionId, eventType } = event.requestContext;
  if (connectionId) {
    if (eventType === "MESSAGE") await greet(connectionId, event.body);
    return { statusCode: 200 };
  }
  return submit(event);
};

// API Gateway hands over bodies as base64 when their content type is no text.
function textOf({ body = "", isBase64Encoded }) {
  try {
    return JSON.parse(isBase64Encoded ? Buffer.from(body, "base64").toString() : body).text;
  } catch {
    return undefined;
  }
}

async function submit(event) {
  const text = textOf(event);
  if (typeof text !== "string" || text === "") {
    return { statusCode: 400, body: JSON.stringify({ error: "JSON with a text is expected" }) };
  }
  const { MessageId: id } = await queue.send(
    new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: JSON.stringify({ text }) }),
  );
  return { statusCode: 202, body: JSON.stringify({ id }) };
}

async function greet(connectionId, body) {
  const { name } = JSON.parse(body);
  const frame = JSON.stringify({ greeting: `Hello, ${name}!` });
  await sockets.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: frame }));
}
