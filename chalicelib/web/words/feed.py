"""A group's feed: news, questions, its own chat."""

from .text import Texts

TEXTS: Texts = {
    "feed.title": ("团内动态", "News of the group"),
    "feed.link": ("动态与提问", "News and questions"),
    "feed.news": ("动态", "News"),
    "feed.write": ("发布动态", "Tell everyone"),
    "feed.statement": ("作为公开说明发布", "as a public statement"),
    "feed.is_statement": ("公开说明", "public statement"),
    "feed.send": ("发布", "Send"),
    "feed.nothing": ("还没有动态。", "No news yet."),
    "feed.photo": ("现场照片", "A photo"),
    "feed.video": ("查看视频", "Watch the video"),
    "feed.link_out": ("打开链接", "Open the link"),
    "feed.role_merchant": ("商家", "Merchant"),
    "feed.role_leader": ("团长", "Leader"),
    "feed.role_support": ("客服", "Support"),
    "feed.chat": ("加入团内群聊", "Join the group's chat"),
    "feed.chat_scan": ("群聊二维码", "Code of the group's chat"),
    "feed.chat_open": ("打开群聊", "Open the chat"),
    "feed.questions": ("提问与回复", "Questions and answers"),
    "feed.no_questions": ("还没有公开的提问。", "No questions yet."),
    "feed.waiting": ("待回复", "waiting for an answer"),
    "feed.answer": ("回复", "Answer"),
    "feed.show": ("公开显示给所有人", "show to everyone"),
    "feed.ask": ("我要提问", "Ask a question"),
    "said.asked": ("提问已送出，回复后会通知您。", "Your question is sent; you will be told when it is answered."),
    "said.posted": ("动态已发布。", "It is posted."),
    "said.answered": ("回复已发布。", "The answer is there."),
}
