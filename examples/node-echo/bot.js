// A worker on grammY: polls Telegram and says back what it hears. On a 409 grammY gives up and the process ends with
// code 1: the supervisor reads the reason in its log, heals, and starts it again.
const { Bot } = require("grammy");

const bot = new Bot(process.env.TELEGRAM_BOT_TOKEN, {
  client: { apiRoot: process.env.TELEGRAM_API_URL ?? "https://api.telegram.org" },
});

bot.command("start", (ctx) => ctx.reply("Hello! Write something, and I say it back."));
bot.on("message:text", (ctx) => ctx.reply(ctx.message.text));

// An error in one answer must not end the bot.
bot.catch(({ error }) => console.error(`answering failed: ${error.message}`));

process.once("SIGINT", () => bot.stop());
process.once("SIGTERM", () => bot.stop());

bot.start({ onStart: ({ username }) => console.log(`polling as @${username}`) });
