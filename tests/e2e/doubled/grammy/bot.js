// The mistake on grammY: one file starts the bot, another one, which it needs, has started it already.
const { Bot } = require("grammy");

require("./admin");

const bot = new Bot(process.env.TELEGRAM_BOT_TOKEN, { client: { apiRoot: process.env.TELEGRAM_API_URL } });
bot.on("message:text", (ctx) => ctx.reply(`grammy: ${ctx.message.text}`));
bot.start();
