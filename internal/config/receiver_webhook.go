package config

import "github.com/promsnap/promsnap/internal/secret"

// KindWebhook is the kind of a program of the user.
const KindWebhook Kind = "webhook"

// Webhook is the address of a program of the user.
type Webhook struct {
	URL, Token secret.String // Token is zero if the file has none
}

// webhook is the address of your own program. The whole address is a secret.
type webhook struct {
	secretAddress `yaml:",inline"`
	// A token, which promsnap sends as Authorization: Bearer.
	Token string `yaml:"token"`
	// The file that holds the token.
	TokenFile string `yaml:"token_file"`
	// The name of the environment variable that holds the token.
	TokenEnv string `yaml:"token_env"`
	// The place of the token in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	TokenFrom string `yaml:"token_from"`
}

func (*webhook) role() Role { return RoleProgram }

func (w *webhook) build(b *builder, path string) any {
	return Webhook{
		URL:   b.addressOf(path, "the webhook's", w.secretAddress),
		Token: b.secretOf(path, "token", sources{w.Token, w.TokenFile, w.TokenEnv, w.TokenFrom}),
	}
}
