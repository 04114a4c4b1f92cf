// What Express says under `do`, wherever an app asks for it. `node express.cjs PORT` says `ready` once it listens.
const express = require("express");

const texts = (value) =>
  typeof value === "object" && value !== null
    ? Object.values(value).flatMap(texts)
    : value === undefined
      ? []
      : [String(value)];
const answer = (request, response) =>
  response.json([...texts(request.query?.do), ...texts(request.body?.do)]);

const app = express();
app.use(express.urlencoded({ extended: true }), express.json(), answer);
// A body that it can't read: the app would answer 400 or 415.
app.use((_error, _request, response, _next) => response.json([]));
app.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
