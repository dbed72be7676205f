// The mistake on node-telegram-bot-api: every file that sends something makes a bot that polls.
const { TelegramBot } = require("node-telegram-bot-api");
const { notify } = require("./notify");

const bot = new TelegramBot(process.env.TELEGRAM_BOT_TOKEN, {
  polling: true,
  baseApiUrl: process.env.TELEGRAM_API_URL,
});

bot.on("message", (msg) => notify(msg.chat.id, `node-telegram-bot-api: ${msg.text}`));
bot.on("polling_error", (error) => console.error(error.message));
