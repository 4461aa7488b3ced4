package config

import (
	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// KindTelegram is the kind of a chat of Telegram.
const KindTelegram Kind = "telegram"

// Telegram is a chat of Telegram and the bot that posts there.
type Telegram struct {
	BotToken secret.String
	ChatID   int64
	ThreadID int64 // 0: none
	Silent   bool
	APIURL   string // http or https, with a host, without user, query or fragment
	HTTP     HTTP
}

// telegram is a chat of Telegram and the bot that posts there. The keys are those of Alertmanager's
// telegram_configs.
type telegram struct {
	// The bot's token: 123456:ABC-DEF…
	BotToken string `yaml:"bot_token"`
	// The file that holds the token.
	BotTokenFile string `yaml:"bot_token_file"`
	// The name of the environment variable that holds the token.
	BotTokenEnv string `yaml:"bot_token_env"`
	// The place of the token in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	BotTokenFrom string `yaml:"bot_token_from"`
	// The chat's ID: negative for groups and channels.
	ChatID chatID `yaml:"chat_id" jsonschema:"required"`
	// The ID of a topic in a group with topics.
	MessageThreadID int `yaml:"message_thread_id" jsonschema:"minimum=1,maximum=2147483647"`
	// No message makes a sound. Otherwise only those that page do.
	DisableNotifications bool `yaml:"disable_notifications"`
	// The address of the Bot API, if you run a server for it yourself.
	APIURL base `yaml:"api_url" jsonschema:"default=https://api.telegram.org"`
	// How to connect and log in, as in prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

// chatID is the ID of a chat. Unlike other numbers of the file, it may be negative.
type chatID int

func (*telegram) role() Role { return RolePeople }

func (t *telegram) build(b *builder, path string) any {
	token := b.secretOf(path, "bot_token",
		sources{t.BotToken, t.BotTokenFile, t.BotTokenEnv, t.BotTokenFrom})
	if token.IsZero() {
		b.problem(path, "no bot token; set bot_token_file, bot_token_env or bot_token_from for "+
			"the token that BotFather shows")
	}
	if t.ChatID == 0 && b.has(key(path, "chat_id")) {
		b.problem(key(path, "chat_id"), "0 is no chat; write the ID of a chat, such as "+
			"-1001234567890 for a group")
	}
	return Telegram{
		BotToken: token, ChatID: int64(t.ChatID), ThreadID: int64(t.MessageThreadID),
		Silent: t.DisableNotifications, APIURL: string(t.APIURL),
		HTTP: b.http(key(path, "http_config"), t.HTTP),
	}
}
