// The minimal bot of grammY's README, with the stop handlers its guide recommends. A 409 ends it with exit code 1.
const { Bot } = require("grammy");

const bot = new Bot(process.env.TELEGRAM_BOT_TOKEN, { client: { apiRoot: process.env.TELEGRAM_API_URL } });

bot.on("message:text", (ctx) => ctx.reply(`grammY: ${ctx.message.text}`));

process.once("SIGINT", () => bot.stop());
process.once("SIGTERM", () => bot.stop());

bot.start();
