"""Invoices."""

from .text import Texts

TEXTS: Texts = {
    "invoice.title": ("发票", "Invoice"),
    "invoice.ask": ("申请发票", "Ask for an invoice"),
    "invoice.change": ("修改抬头", "Change whom it is made out to"),
    "invoice.about": (
        "按您实付、扣除退款后的金额开具；开具前可修改。抬头与税号只给开票商家看。",
        "It is made out for what you paid less what you got back, and can be changed until it is issued. Name and tax "
        "number are shown to the merchant alone.",
    ),
    "invoice.kind": ("类型", "Kind"),
    "invoice.kind.personal": ("个人", "Personal"),
    "invoice.kind.company": ("企业", "Company"),
    "invoice.to": ("抬头", "Made out to"),
    "invoice.tax_number": ("税号", "Tax number"),
    "invoice.tax_hint": (
        "企业必填：18 位统一社会信用代码，或 15 位旧税号",
        "Companies only: 18 characters, or the 15 digits of an old one",
    ),
    "invoice.requested": ("待开票", "To be issued"),
    "invoice.issued": ("已开票", "Issued"),
    "invoice.to_correct": ("待红冲", "To be corrected"),
    "invoice.cancelled": ("已红冲", "Taken back"),
    "invoice.number": ("发票号码", "Invoice number"),
    "invoice.on": ("开票日期", "Date"),
    "invoice.red": ("已红冲，红字发票", "Taken back by red invoice"),
    "invoice.red_number": ("红字发票号码", "Red invoice number"),
    "invoice.red_on": ("红冲日期", "Date of the red invoice"),
    "invoice.red_first": (
        "该订单已退款：请先开红字发票冲销原票，再按现金额重开（为零则只需红冲）。",
        "Money went back on this order: take the invoice back by a red one, then issue a new one for what is left "
        "(none where nothing is).",
    ),
    "invoice.file": ("上传发票（PDF）", "Upload the invoice (PDF)"),
    "invoice.file_there": ("文件已上传，请填写下面的号码。", "The file is there: enter the number below."),
    "invoice.enter": ("登记", "Enter"),
    "invoice.open": ("查看与开票", "Open"),
    "invoice.desk": ("发票", "Invoices"),
    "invoice.none": ("还没有人申请发票。", "Nobody has asked for an invoice yet."),
    "invoice.sheet": ("下载表格（CSV）", "Download as a sheet (CSV)"),
    "invoice.back": ("返回订单", "Back to the order"),
    "invoice.col.order": ("订单号", "order"),
    "invoice.col.kind": ("类型", "kind"),
    "invoice.col.state": ("状态", "state"),
    "invoice.col.amount": ("金额", "amount"),
    "invoice.col.currency": ("币种", "currency"),
    "invoice.col.number": ("发票号码", "number"),
    "invoice.col.on": ("开票日期", "date"),
    "invoice.col.red_number": ("红字发票号码", "red number"),
    "invoice.col.red_on": ("红冲日期", "red date"),
}
