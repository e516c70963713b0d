"""What is sold, and what buyers say of it."""
# ruff: noqa: E501 - a sentence is one line

from .text import Texts

TEXTS: Texts = {
    "goods.picture": ("图片 {n}", "Picture {n}"),
    "goods.attributes": ("商品信息", "About it"),
    "goods.faq": ("常见问题", "Questions and answers"),
    "goods.reviews": ("买家评价", "Reviews"),
    "goods.average": ("{stars} 分（满分 5 分）", "{stars} of 5"),
    "goods.count": ("{n} 条评价", ("{n} review", "{n} reviews")),
    "goods.stars": ("{n} 星，满分 5 星", ("{n} star of 5", "{n} stars of 5")),
    "goods.reply": ("商家回复", "The merchant’s answer"),
    "goods.no_reviews": ("还没有评价。", "No reviews yet."),
    "goods.honest": (
        "只有成团后的买家可以评价，商家不能删除评价。",
        "Only buyers of a group that formed can write here, and the merchant cannot remove a review.",
    ),
    "goods.groups": ("查看活动的团", "See the groups"),
    "review.title": ("评价商品", "Review what you bought"),
    "review.stars": ("几颗星", "How many stars"),
    "review.text": ("想说的话", "In your words"),
    "review.public": (
        "评价公开展示，不显示您的姓名，发表后不能修改。",
        "Reviews are public, do not show your name, and cannot be changed afterwards.",
    ),
    "review.send": ("发表评价", "Publish the review"),
    "review.others": ("看看其他买家的评价", "See what others say"),
    "said.reviewed": ("谢谢，评价已发表。", "Thank you, your review is published."),
    "desk.pictures": ("商品图片", "Pictures"),
    "desk.picture": ("添加图片", "Add a picture"),
    "desk.picture_hint": (
        "JPEG、PNG 或 WebP，最大 {most}。{light} 以内的图片会显示在大厅和团页面，较大的图片会自动缩小后上传。",
        "JPEG, PNG or WebP, at most {most}. Those up to {light} are shown in the hall and on group pages; this page makes larger ones smaller as it sends them.",
    ),
    "desk.picture_first": ("设为首图", "Put first"),
    "desk.picture_remove": ("删除", "Remove"),
    "desk.questions": ("常见问题", "Questions and answers"),
    "desk.questions_hint": (
        "第一行是问题，下面是回答；两个问题之间空一行",
        "The question on one line, the answer below it; an empty line between two",
    ),
}
