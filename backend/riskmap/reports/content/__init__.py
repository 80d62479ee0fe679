"""What 城市安全风险评估报告 says."""
