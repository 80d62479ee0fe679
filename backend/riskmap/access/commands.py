"""`riskmap admin …`: accounts on the command line. Passwords are asked for, never arguments."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import click
from sqlalchemy import Engine

from riskmap.access import admin as accounts
from riskmap.access.passwords import Rules
from riskmap.access.reader import ROLES, TIERS
from riskmap.base.errors import RiskmapError
from riskmap.base.settings import Settings

Opener = Callable[[], AbstractContextManager[tuple[Engine, Settings]]]


@click.group()
def admin() -> None:
    """账号管理：新建、列出、重设密码、解锁、访问令牌。"""


_MUST_CHANGE = click.option("--must-change", is_flag=True, help="首次登录须改密码")


@contextmanager
def _opened(opener: Opener) -> Iterator[tuple[Engine, Settings]]:
    """The database; what is refused is told in a line, without a traceback."""
    try:
        with opener() as opened:
            yield opened
    except RiskmapError as error:
        raise click.ClickException("；".join([error.detail, *(e.message for e in error.errors)])) from error


@contextmanager
def _engine(opener: Opener) -> Iterator[Engine]:
    with _opened(opener) as (engine, _):
        yield engine


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("密码", hide_input=True, confirmation_prompt="再输一遍"))


@admin.command("add-account")
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), required=True, help="角色")
@click.option("--tier", type=click.Choice(TIERS), default="department", show_default=True, help="密级")
@click.option("--area", "areas", multiple=True, help="区划代码，可重复；不给即不限")
@click.option("--department", "departments", multiple=True, help="部门，可重复；不给即不限")
@click.option("--class", "classes", multiple=True, help="分类代码，可重复；不给即不限")
@click.option("--may", multiple=True, type=click.Choice(["sign", "dispatch"]), help="签发、调度权，可重复")
@_MUST_CHANGE
@click.pass_obj
def add_account(opener: Opener, /, username: str, **values: Any) -> None:
    """新建账号；密码从提示或标准输入读取。"""
    body = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
    body |= {"username": username, "password": _ask_password()}
    with _opened(opener) as (engine, settings):
        accounts.add_account(engine, body, Rules.of(settings))
    click.echo(f"  已建立账号 {username}。")


@admin.command("list")
@click.pass_obj
def list_accounts(opener: Opener, /) -> None:
    """列出全部账号。"""
    with _engine(opener) as engine:
        for account in accounts.list_accounts(engine):
            condition = "停用" if not account["active"] else "锁定" if account["locked"] else "可用"
            limits = "、".join([*account["areas"], *account["departments"], *account["classes"]]) or "不限"
            username, role, tier = account["username"], account["role"], account["tier"]
            click.echo(f"  {username:<20} {role:<14} {tier:<11} {condition} {limits}")


@admin.command("set-password")
@click.argument("username")
@_MUST_CHANGE
@click.pass_obj
def set_password(opener: Opener, /, username: str, must_change: bool) -> None:
    """重设密码，同时解锁；密码从提示或标准输入读取。"""
    with _opened(opener) as (engine, settings):
        accounts.set_password(engine, username, _ask_password(), Rules.of(settings), must_change=must_change)
    click.echo("  密码已重设；该账号已有的登录和访问令牌全部失效。")


@admin.command("unlock")
@click.argument("username")
@click.pass_obj
def unlock(opener: Opener, /, username: str) -> None:
    """解除因连续输错密码造成的锁定。"""
    with _engine(opener) as engine:
        accounts.unlock(engine, username)
    click.echo("  已解锁。")


@admin.command("token")
@click.argument("username")
@click.option("--name", required=True, help="用途，如 qgis")
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True, help="有效天数")
@click.pass_obj
def token(opener: Opener, /, username: str, name: str, days: int) -> None:
    """为账号新建访问令牌（只显示这一次）。"""
    with _engine(opener) as engine:
        click.echo(accounts.make_token(engine, username, name, days))
