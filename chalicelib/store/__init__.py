"""DynamoDB through PynamoDB: the one place that reads rows and builds writes and transactions."""
