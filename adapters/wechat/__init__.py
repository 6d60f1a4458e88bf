"""WeChat's official accounts, 公众号 and 服务号: pushes in, replies and customer service out."""
