// The minimal bot of node-telegram-bot-api 1.x's README: no listener for errors, no handler for SIGTERM.
const { TelegramBot } = require("node-telegram-bot-api");

const bot = new TelegramBot(process.env.TELEGRAM_BOT_TOKEN, {
  polling: true,
  baseApiUrl: process.env.TELEGRAM_API_URL,
});

bot.on("message", (msg) => bot.sendMessage(msg.chat.id, `node-telegram-bot-api: ${msg.text}`));
