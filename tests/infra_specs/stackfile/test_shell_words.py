"""Commands with words that only a shell understands get a hint; all others get none."""

import shlex

import pytest

from infra_specs.stackfile.messages.shell_words import shell_note

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("command", "special", "advice"),
    [
        ("python migrate.py && python serve.py", "`&&`", "sh -c 'python migrate.py && exec python serve.py'"),
        ("a || b", "`||`", "sh -c 'a || exec b'"),
        ("python serve.py | tee log", "`|`", "sh -c 'python serve.py | tee log'"),
        ("python serve.py > access.log 2>&1", "`>`, `2>&1`", "sh -c 'exec python serve.py > access.log 2>&1'"),
        ("serve >>log", "`>>log`", "sh -c 'exec serve >>log'"),
        ("serve < input", "`<`", "sh -c 'exec serve < input'"),
        ("a ; b", "`;`", "sh -c 'a ; exec b'"),
        ("a; b", "`;`", "sh -c 'a ; exec b'"),
        ("cd app; python serve.py", "`;`", "folder: app and command: python serve.py"),
        ("cd app && serve --port $PORT", "`&&`, `$PORT`",
         """folder: app and command: sh -c 'exec serve --port "$PORT"'"""),
        ("serve --port $PORT", "`$PORT`", """sh -c 'exec serve --port "$PORT"'"""),
        ("serve --port ${PORT:-8000}", "`${PORT:-8000}`", """sh -c 'exec serve --port "${PORT:-8000}"'"""),
        ("serve --bind=0.0.0.0:$PORT", "`$PORT`", """sh -c 'exec serve "--bind=0.0.0.0:$PORT"'"""),
        ("serve --id $(hostname)", "`$(hostname)`", """sh -c 'exec serve --id "$(hostname)"'"""),
        ("serve --id `hostname`", "`a backtick`", """sh -c 'exec serve --id "`hostname`"'"""),
        ("HOST=0.0.0.0 python serve.py", "`HOST=`",
         "env: {HOST: 0.0.0.0} and command: python serve.py"),
        ("A=1 B=2 serve $PORT", "`A=`, `B=`, `$PORT`",
         """env: {A: 1, B: 2} and command: sh -c 'exec serve "$PORT"'"""),
        ("serve ~/app.conf", "`~`", "sh -c 'exec serve ~/app.conf'"),
        ("serve *.py", "`*.py`", "sh -c 'exec serve *.py'"),
        ("cat logs/day?.txt", "`logs/day?.txt`", "sh -c 'exec cat logs/day?.txt'"),
        ("cat day[0-9].txt", "`day[0-9].txt`", "sh -c 'exec cat day[0-9].txt'"),
        ("serve &", "`&`", "sh -c 'serve &'"),
        ("serve --name 'a b' $X", "`$X`", """sh -c 'exec serve --name '"'"'a b'"'"' "$X"'"""),
    ],
)  # fmt: skip
def test_a_word_for_a_shell_gets_a_hint(command: str, special: str, advice: str) -> None:
    advice = advice if ": " in advice.partition("'")[0] else f"command: {advice}"
    assert shell_note("command", shlex.split(command), takes_folder=True) == (
        f"command gets {special} as it is written, for no shell reads it. Write {advice}"
    )


@pytest.mark.parametrize(
    "command",
    [
        "python app.py --port 8000",
        "sh -c 'python migrate.py && exec python serve.py --port $PORT'",
        "/bin/bash -lc 'serve > log'",
        "gunicorn shop:app -b 0.0.0.0:8000 --forwarded-allow-ips '*'",
        "gunicorn 'shop:create_app()' -w 2",
        "uvicorn app:app --env A=B",
        "celery -A shop worker -Q high,low",
        "curl http://127.0.0.1:8000/?a=b&c=d",
        "python -c 'import a; a.main()'",
        "python -c 'print(1 > 0 and 2 < 3 or 4 | 5)'",
        "serve --match '^/api/.*$'",
        "serve --price 5$ --root /",
        "node server.js --title 'a && b'",
        "serve -DX=1 name=value",
        "serve a~ user@host:~",
        "env A=1 /bin/bash -c 'a && b'",
        "awk '{print $1}' list",
        "grep 'end$' list",
        "find . -name '*.pyc' -exec rm {} ;",
        "printf 'a > b'",
        "pip install .[prod]",
        "pip install 'uvicorn[standard]' psycopg[binary,pool]",
        "rails runner User.active?",
        "mongosh --eval 'db.shop.updateMany({}, {$set: {a: 1}})'",
        "",
    ],
)
def test_no_other_command_gets_one(command: str) -> None:
    assert shell_note("command", shlex.split(command), takes_folder=True) == ""


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        ("cd /app && ./run", "command: sh -c 'cd /app && exec ./run'"),
        ("cd $HOME && ./run", """command: sh -c 'cd "$HOME" && exec ./run'"""),
        ("cd ../app && ./run", "command: sh -c 'cd ../app && exec ./run'"),
        ("cd ~/app && ./run", "command: sh -c 'cd ~/app && exec ./run'"),
        ("cd 'my app' && ./run", "folder: my app and command: ./run"),
        ("ALLOWED_HOSTS=a.com,b.com gunicorn app", 'env: {ALLOWED_HOSTS: "a.com,b.com"} and command: gunicorn app'),
        ("FOO='a: b' ./run", 'env: {FOO: "a: b"} and command: ./run'),
        ("EMPTY= ./run", 'env: {EMPTY: ""} and command: ./run'),
        ("FOO=yes BAR=010 ./run", 'env: {FOO: "yes", BAR: "010"} and command: ./run'),
        ("cd app && FOO=$BAR ./run", """folder: app and command: sh -c 'FOO="$BAR" exec ./run'"""),
        ("FOO=~/data ./run", "command: sh -c 'FOO=~/data exec ./run'"),
        ("A=1 && ./run", "command: sh -c 'A=1 && exec ./run'"),
        ("./migrate && A=1 ./run", "command: sh -c './migrate && A=1 exec ./run'"),
        ("while true; do ./x; sleep 5; done", "command: sh -c 'while true ; do ./x ; sleep 5 ; done'"),
        ("if a; then b; fi", "command: sh -c 'if a ; then b ; fi'"),
        ("{ a; b; }", "command: sh -c '{ a ; b ; }'"),
        ("cd a && ./run; cd b", "folder: a and command: sh -c './run ; cd b'"),
        ("./run 'a: b' && ./next", """command: "sh -c './run '\\"'\\"'a: b'\\"'\\"' && exec ./next'\""""),
        ("mongosh --eval '{$set: 1}' $URL",
         """command: "sh -c 'exec mongosh --eval '\\"'\\"'{$set: 1}'\\"'\\"' \\"$URL\\"'\""""),
    ],
)  # fmt: skip
def test_the_advice_does_what_the_command_would_do_in_a_shell(command: str, advice: str) -> None:
    assert shell_note("command", shlex.split(command), takes_folder=True).partition(" Write ")[2] == advice


@pytest.mark.parametrize(
    ("key", "takes_folder", "command", "advice"),
    [
        ("command", False, "cd app && ./run", "command: sh -c 'cd app && exec ./run'"),
        ("before", True, "cd migrations && ./migrate", "before: sh -c 'cd migrations && exec ./migrate'"),
        ("before", True, "A=1 ./migrate", "before: sh -c 'A=1 exec ./migrate'"),
        ("before", False, "cd a && A=$B ./migrate", """before: sh -c 'cd a && A="$B" exec ./migrate'"""),
    ],
)
def test_only_a_local_main_command_without_a_folder_gets_one(
    key: str, takes_folder: bool, command: str, advice: str
) -> None:
    assert shell_note(key, shlex.split(command), takes_folder=takes_folder).partition(" Write ")[2] == advice
