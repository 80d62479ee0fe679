"""风险公告牌, 责任公示牌, and the public page that their QR code leads to."""
