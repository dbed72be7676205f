const { TelegramBot } = require("node-telegram-bot-api");

const bot = new TelegramBot(process.env.TELEGRAM_BOT_TOKEN, {
  polling: true,
  baseApiUrl: process.env.TELEGRAM_API_URL,
});
bot.on("polling_error", (error) => console.error(error.message));

module.exports = { notify: (chat, text) => bot.sendMessage(chat, text) };
