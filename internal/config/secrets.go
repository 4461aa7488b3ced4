package config

import "github.com/promsnap/promsnap/internal/secret"

// secretAddress holds the keys of an address that is a secret as a whole.
type secretAddress struct {
	// The address.
	URL string `yaml:"url"`
	// The file that holds the address.
	URLFile string `yaml:"url_file"`
	// The name of the environment variable that holds the address.
	URLEnv string `yaml:"url_env"`
	// The place of the address in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	URLFrom string `yaml:"url_from"`
}

// addressOf builds a required address that is a secret.
func (b *builder) addressOf(path, whose string, a secretAddress) secret.String {
	out := b.secretOf(path, "url", sources{a.URL, a.URLFile, a.URLEnv, a.URLFrom})
	if out.IsZero() {
		b.problem(path, "no address; set url_file, url_env or url_from for %s address",
			whose)
	}
	return out
}

// secretWebhook holds the keys of the address of a webhook, which is a secret as a whole.
type secretWebhook struct {
	// The address of the webhook. The whole address is a secret.
	WebhookURL string `yaml:"webhook_url"`
	// The file that holds the address.
	WebhookURLFile string `yaml:"webhook_url_file"`
	// The name of the environment variable that holds the address.
	WebhookURLEnv string `yaml:"webhook_url_env"`
	// The place of the address in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	WebhookURLFrom string `yaml:"webhook_url_from"`
}

// webhookOf builds the required address of a webhook.
func (b *builder) webhookOf(path, whose string, a secretWebhook) secret.String {
	out := b.secretOf(path, "webhook_url",
		sources{a.WebhookURL, a.WebhookURLFile, a.WebhookURLEnv, a.WebhookURLFrom})
	if out.IsZero() {
		b.problem(path, "no address; set webhook_url_file, webhook_url_env or webhook_url_from "+
			"for %s address", whose)
	}
	return out
}

// sources holds where a secret can be: inline, in another file, in the environment, or in a store
// of AWS. At most one is set.
type sources struct{ inline, file, env, place string }

// secretOf builds a secret from its sources. It is zero if none is set. The secret is read when it
// is used, so a configuration can be checked without it.
func (b *builder) secretOf(path, name string, s sources) secret.String {
	var out secret.String
	first := ""
	for _, w := range []struct {
		key   string
		value string
		from  func(string) secret.String
	}{
		{name, s.inline, secret.Inline},
		{name + "_file", s.file, func(p string) secret.String { return secret.File(b.beside(p)) }},
		{name + "_env", s.env, b.variableOf},
		{name + "_from", s.place, func(p string) secret.String {
			return b.stored(p, key(path, name+"_from"))
		}},
	} {
		at := key(path, w.key)
		switch {
		case !b.has(at):
			continue
		case first != "":
			b.problem(at, "cannot be used with %s; keep one of them", first)
		case w.value == "":
			b.problem(at, "empty; write a value, or remove the key")
		case w.key == name+"_env" && !variableSyntax.MatchString(w.value):
			b.problem(at, "must be the name of an environment variable in capitals, such as %s",
				defaultTokenEnv)
		}
		first, out = w.key, w.from(w.value)
	}
	return out
}

// stored builds the secret at a place in AWS, which the key at path names.
func (b *builder) stored(text, path string) secret.String {
	p, err := secret.ParsePlace(text)
	if err != nil && text != "" {
		b.problem(path, "%v", err)
	}
	return secret.Stored(p, b.options.Secrets)
}

// variableOf builds the secret in an environment variable.
func (b *builder) variableOf(name string) secret.String {
	env := b.env
	return secret.Env(name, func(name string) (string, bool) {
		v := env(name)
		return v, v != ""
	})
}

// secretKey holds the keys of the secret key that belongs to access_key.
type secretKey struct {
	// The secret key that belongs to access_key.
	SecretKey string `yaml:"secret_key"`
	// The file that holds the secret key.
	SecretKeyFile string `yaml:"secret_key_file"`
	// The name of the environment variable that holds the secret key.
	SecretKeyEnv string `yaml:"secret_key_env"`
	// The place of the secret key in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	SecretKeyFrom string `yaml:"secret_key_from"`
}

// secretKeyOf builds the secret key of the object at path. It is zero if the object has none.
func (b *builder) secretKeyOf(path string, k secretKey) secret.String {
	return b.secretOf(path, "secret_key", sources{
		k.SecretKey, k.SecretKeyFile, k.SecretKeyEnv, k.SecretKeyFrom,
	})
}

// account checks that the AWS credentials at path are complete.
func (b *builder) account(path, accessKey string, secretKey secret.String, roleARN,
	externalID string) {
	switch {
	case (accessKey == "") != secretKey.IsZero():
		b.problem(path, "access_key and a secret key belong together; write both, or neither to "+
			"use the credentials of the environment")
	case externalID != "" && roleARN == "":
		b.problem(key(path, "external_id"), "has no effect without role_arn; write both")
	}
}
