// The minimal bot of telegraf 4's README, graceful stop included. A 409 ends it with exit code 1.
const { Telegraf } = require("telegraf");
const { message } = require("telegraf/filters");

const bot = new Telegraf(process.env.TELEGRAM_BOT_TOKEN, { telegram: { apiRoot: process.env.TELEGRAM_API_URL } });

bot.on(message("text"), (ctx) => ctx.reply(`telegraf: ${ctx.message.text}`));

bot.launch();

process.once("SIGINT", () => bot.stop("SIGINT"));
process.once("SIGTERM", () => bot.stop("SIGTERM"));
