// Records what two libraries of others make of fixed inputs, for tests of our own encryption:
//
//   npm install --prefix /tmp/vectors wechat-crypto@0.0.2 @wecom/crypto@1.0.1
//   NODE_PATH=/tmp/vectors/node_modules node script/wechat-vectors.js
//
// It rewrites tests/wechat/vectors/*.json. Run it when a vector is added; the tests need no node.
"use strict";

const crypto = require("crypto");
const fs = require("fs");
const path = require("path");

const FOLDER = path.join(__dirname, "..", "tests", "wechat", "vectors");
const TOKEN = "letters2and3digits";
const TIMESTAMP = "1793534400";
const NONCE = "1320562132";
const APP_ID = "wx00112233445566ff";
const KEYS = [
  "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
  "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
];
const MESSAGES = [
  "<xml><Content><![CDATA[hello]]></Content></xml>",
  "<xml><Content><![CDATA[你好，世界 👋🏽]]></Content></xml>",
  "",
  "x".repeat(2048),
  ...[0, 1, 15, 16, 31, 32, 33].map((length) => "y".repeat(length)),
];
const PREFIXES = ["0123456789abcdef", "\u0000\u0001zzzzzzzzzzzzzz"];

const inputs = KEYS.flatMap((aes_key) =>
  MESSAGES.flatMap((message) => PREFIXES.map((prefix) => ({ aes_key, message, prefix }))),
);

function record(file, library, encrypt, sign) {
  const vectors = inputs.map(({ aes_key, message, prefix }) => {
    const encrypted = encrypt(aes_key, message, Buffer.from(prefix, "latin1"));
    return { aes_key, prefix, message, encrypted, signature: sign(aes_key, encrypted) };
  });
  const told = { library, token: TOKEN, timestamp: TIMESTAMP, nonce: NONCE, app_id: APP_ID, vectors };
  fs.writeFileSync(path.join(FOLDER, file), JSON.stringify(told, null, 1) + "\n");
}

const WXBizMsgCrypt = require("wechat-crypto");
const random = crypto.pseudoRandomBytes;
record(
  "wechat-crypto.json",
  "npm wechat-crypto 0.0.2",
  (aes_key, message, prefix) => {
    crypto.pseudoRandomBytes = () => prefix;
    const encrypted = new WXBizMsgCrypt(TOKEN, aes_key, APP_ID).encrypt(message);
    crypto.pseudoRandomBytes = random;
    return encrypted;
  },
  (aes_key, encrypted) =>
    new WXBizMsgCrypt(TOKEN, aes_key, APP_ID).getSignature(TIMESTAMP, NONCE, encrypted),
);

const wecom = require("@wecom/crypto");
record(
  "wecom-crypto.json",
  "npm @wecom/crypto 1.0.1",
  (aes_key, message, prefix) => wecom.encrypt(aes_key, message, APP_ID, prefix),
  (_, encrypted) => wecom.getSignature(TOKEN, TIMESTAMP, NONCE, encrypted),
);
