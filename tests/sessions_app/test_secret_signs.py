"""What a secret is known by: the name of its key, or its look inside a text."""

import pytest

from sessions_app.masking import MASK, is_secret_name, mask, mask_text

LARGE = 256 * 1024

# In pieces, so that programs that look for leaked keys don't find any here.
GITHUB = "ghp" + "_" + "a1B2" * 9
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
PEM = "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIB-x\nAAAA\n-----END RSA PRIVATE" + " KEY-----"

KEYS = [
    GITHUB,
    AWS,
    PEM,
    "gho" + "_" + "x" * 36,
    "github" + "_pat_" + "A1_b" * 12,
    "glpat" + "-" + "x1" * 10,
    "glpat" + "-" + "x1" * 10 + ".01.ab12",
    "xoxb" + "-123456789012-abcdef",
    "AIza" + "Sy-_" * 9,
    "sk" + "-" + "aB3d" * 12,
    "sk" + "-proj-" + "abcd" * 8,
    "sk" + "-ant-api03-" + "a-b_" * 8,
    "sk" + "_live_" + "a1" * 12,
    "rk" + "_test_" + "a1" * 12,
    "npm" + "_" + "aB3" * 12,
    "pypi" + "-AgEIcHlwaS5vcmcCJDU",
    "vcf" + "_" + "0a" * 32,
    "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "eyJ" + "hbGciOiJub25lIn0." + "eyJzdWIiOiIxIn0",
]

HARMLESS = [
    "",
    "a short one",
    "sk-learn-model-evaluation-notes",
    "risk-assessment-of-the-third-quarter-2024",
    "pypi-publish-workflow-for-the-team",
    "npm_config_registry",
    "vcf_quality_filter_threshold",
    "Bearer authentication is required",
    "the bearer of bad news",
    "AKIA is how they begin",
    "https://example.com:443/@user/post",
    "https://example.com/a:b@c?to=me@example.com",
    "http://[::1]:8000/x@y",
    "git@github.com:org/repository.git",
    "ssh://git@host:22/path",
    "2026-03-02T18:04:07@noon",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "eyJust a word. And another one.",
]


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "token",
        "api_key",
        "apikey",
        "api-key",
        "API-KEY",
        "apiKey",
        "APIKey",
        "access_key",
        "accessKey",
        "private_key",
        "credential",
        "credentials",
        "authorization",
        "Authorization",
        "cookie",
        "cookies",
        "dsn",
        "SENTRY_DSN",
        "DB_PASSWORD",
        "dbPassword",
        "PGPASSWORD",
        "clientSecret",
        "client-secret",
        "access_token",
        "refreshTokens",
        "authtoken",
        "tokens",
        "secrets",
        "passwords",
        "password1",
        "password_2",
        "password_new",
        "API_KEY_PROD",
        "x.api_key",
        "deliverables.token",
        "aws_secret_access_key",
        "db_pass",
        "connection_string",
        "jwt",
        "密码",
        "数据库密码",
        "口令",
        "密钥",
        "API密钥",
        "令牌",
        "访问令牌",
        "ｐａｓｓｗｏｒｄ",
    ],
)
def test_name_of_a_secret_is_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "tokens_used",
        "token_count",
        "max_tokens",
        "total_tokens",
        "inputTokens",
        "cost_per_token",
        "secretary",
        "password_policy",
        "password_length",
        "secret_name",
        "token_type",
        "tokenizer",
        "public_key",
        "primary_key",
        "key",
        "pass",
        "test_pass",
        "design-tokens",
        "cwd",
        "keyboard",
        "branch",
        "author",
        "authority",
        "cookie_policy",
        "密码策略",
        "令牌数",
        "number_of_passwords_reset",
        "42",
        "_",
        "''",
    ],
)
def test_name_of_something_else_is_left_alone(name):
    assert not is_secret_name(name)


@pytest.mark.parametrize("key", KEYS)
def test_well_known_key_is_hidden_wherever_it_stands(key):
    assert mask_text(key) == MASK
    assert mask_text(f"Use {key} for it.") == f"Use {MASK} for it."
    assert mask_text(f"密钥是{key}，别外传") == f"密钥是{MASK}，别外传"
    assert mask({"notes": [{"text": f"x={key}"}]}) == {"notes": [{"text": f"x={MASK}"}]}


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_left_alone(text):
    assert mask_text(text) is text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://mei:hunter2@db/app", f"postgres://mei:{MASK}@db/app"),
        ("redis://:hunter2@db:6379/0", f"redis://:{MASK}@db:6379/0"),
        ("https://u:p@ss@host/x", f"https://u:{MASK}@host/x"),
        ("mysql://u:p/a#s?s@host/x", f"mysql://u:{MASK}@host/x"),
        ("https://u:1234@host/x", f"https://u:{MASK}@host/x"),
        ("a http://u:p@h/1 b http://v:q@h/2", f"a http://u:{MASK}@h/1 b http://v:{MASK}@h/2"),
    ],
)
def test_of_an_address_only_the_password_is_hidden(text, masked):
    assert mask_text(text) == masked


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("value", ["abc.def-12345678", "abcdefghijklmnopqrstuvwxyz", "dG9rZW4x/+=="])
def test_bearer_is_hidden_without_the_word_before_it(scheme, value):
    assert mask_text(f"Authorization: {scheme} {value} sent") == f"Authorization: {scheme} {MASK} sent"


def test_key_that_is_cut_off_is_hidden_to_the_end():
    assert mask_text("see " + PEM[:60]) == f"see {MASK}"


@pytest.mark.parametrize("text", [*KEYS, "postgres://mei:hunter2@db/app", "Bearer abc.def-12345678"])
def test_masking_twice_is_masking_once(text):
    masked = mask({"a": text})
    assert mask(masked) is masked


@pytest.mark.parametrize(
    "unit",
    [
        *("eyJ", "eyJaaaaaaaa.", "sk-", "sk-aaaa-", "a://u:", "://:", "://a:@", "://u:p/", "gh", "ghp_", "glpat-a."),
        *("Bearer ", "bearer a", "pypi-", "vcf_", "AKIA", "k_", "xox", "-", "密", "github_pat_", "AIza-"),
        *("-----BEGIN PRIVATE" + " KEY-----", "-----BEGIN A", "PRIVATE" + " KEY-----BEGIN A "),
    ],
)
@pytest.mark.parametrize("end", ["", " x", "@", "1", "-----END PRIVATE"])
def test_hostile_text_takes_linear_time(unit, end):
    # In quadratic time this would not end.
    text = (unit * (LARGE // len(unit) + 1))[:LARGE] + end
    masked = mask_text(text)
    assert mask_text(masked) == masked
