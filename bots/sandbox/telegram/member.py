"""ChatMember objects."""

from bots.sandbox.telegram.chats import Raw

RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
"""Of ChatMemberAdministrator (core.telegram.org/bots/api, read 2026-11)."""


def member_of(user: Raw, status: str) -> Raw:
    """`status` in the API's words: creator, administrator, member, left, kicked."""
    base: Raw = {"user": user, "status": status}
    match status:
        case "administrator":
            return base | {right: right == "can_manage_chat" for right in RIGHTS}
        case "creator":
            return base | {"is_anonymous": False}
        case "kicked":
            return base | {"until_date": 0}
        case _:
            return base
