"""`riskmap admin …`: accounts on the command line. Passwords are asked for, never arguments."""

import sys

import click

from riskmap.access import admin as accounts
from riskmap.access import queries, service
from riskmap.access.reader import ROLES, TIERS
from riskmap.base import database
from riskmap.base.errors import RiskmapError


@click.group()
def admin() -> None:
    """账号管理。"""


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("密码", hide_input=True, confirmation_prompt="再输一遍"))


@admin.command("add-account")
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), required=True, help="角色")
@click.option("--tier", type=click.Choice(TIERS), default="department", show_default=True, help="密级")
@click.option("--area", "areas", multiple=True, help="区划代码，可重复；不给即不限")
@click.option("--department", "departments", multiple=True, help="部门，可重复")
@click.option("--class", "classes", multiple=True, help="分类代码，可重复")
@click.option("--may", multiple=True, type=click.Choice(["sign", "dispatch"]), help="签发、调度权")
@click.pass_obj
def add_account(obj: object, username: str, **values: object) -> None:
    """新建账号；密码从提示或标准输入读取。"""
    body = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
    body |= {"username": username, "password": _ask_password()}
    try:
        with obj() as (engine, _):  # type: ignore[operator]
            accounts.add_account(engine, body)
    except RiskmapError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"  已建立账号 {username}。")


@admin.command("list")
@click.pass_obj
def list_accounts(obj: object) -> None:
    """列出全部账号。"""
    with obj() as (engine, _), database.read(engine, {}) as connection:  # type: ignore[operator]
        for account in service.list_accounts(connection):
            state = "停用" if not account["active"] else "锁定" if account["locked"] else "可用"
            limits = "、".join([*account["areas"], *account["departments"], *account["classes"]]) or "不限"
            click.echo(
                f"  {account['username']:<20} {account['role']:<14} {account['tier']:<11} {state} {limits}"
            )


@admin.command("set-password")
@click.argument("username")
@click.pass_obj
def set_password(obj: object, username: str) -> None:
    """重设密码，同时解锁。"""
    try:
        with obj() as (engine, _):  # type: ignore[operator]
            accounts.set_password(engine, username, _ask_password())
    except RiskmapError as error:
        raise click.ClickException(str(error)) from error
    click.echo("  密码已重设，该账号的登录全部失效。")


@admin.command("unlock")
@click.argument("username")
@click.pass_obj
def unlock(obj: object, username: str) -> None:
    """解除锁定。"""
    with obj() as (engine, _):  # type: ignore[operator]
        if not accounts.unlock(engine, username):
            raise click.ClickException("没有这个账号。")
    click.echo("  已解锁。")


@admin.command("token")
@click.argument("username")
@click.option("--name", required=True, help="用途，如 qgis")
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True)
@click.pass_obj
def token(obj: object, username: str, name: str, days: int) -> None:
    """为账号新建访问令牌（只显示一次）。"""
    with obj() as (engine, _), database.write(engine, {}) as connection:  # type: ignore[operator]
        account = queries.account_for_update(connection, username)
        if account is None:
            raise click.ClickException("没有这个账号。")
        made = service.make_token(connection, service.reader_of(account, ""), name, days)
        click.echo(f"  {made['token']}")
