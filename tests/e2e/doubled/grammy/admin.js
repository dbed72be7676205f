// "A bot of its own for the commands of admins", with the same token.
const { Bot } = require("grammy");

const admin = new Bot(process.env.TELEGRAM_BOT_TOKEN, { client: { apiRoot: process.env.TELEGRAM_API_URL } });
admin.command("stats", (ctx) => ctx.reply("all is well"));
admin.start();

module.exports = { admin };
