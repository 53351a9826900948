# What a team keeps in Terraform: a VPC whose owners have agreed to Tieline, and an endpoint that was there before Tieline.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

variable "url" {
  description = "Where EC2 answers."
  type        = string
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "akid"
  secret_key                  = "secret"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true

  endpoints {
    ec2 = var.url
  }
}

resource "aws_vpc" "team" {
  cidr_block           = "10.70.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = {
    Name               = "team"
    "tieline:enrolled" = "true"
  }
}

resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.team.id
  cidr_block        = "10.70.1.0/24"
  availability_zone = "us-east-1a"
}

resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.team.id
  cidr_block        = "10.70.2.0/24"
  availability_zone = "us-east-1b"
}

resource "aws_security_group" "https" {
  name        = "https"
  description = "HTTPS from the VPC"
  vpc_id      = aws_vpc.team.id

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = [aws_vpc.team.cidr_block]
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_vpc_endpoint" "monitoring" {
  vpc_id              = aws_vpc.team.id
  service_name        = "com.amazonaws.us-east-1.monitoring"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [aws_subnet.a.id, aws_subnet.b.id]
  security_group_ids  = [aws_security_group.https.id]
}

output "vpc" {
  value = aws_vpc.team.id
}

output "subnets" {
  value = [aws_subnet.a.id, aws_subnet.b.id]
}

output "group" {
  value = aws_security_group.https.id
}

output "endpoint" {
  value = aws_vpc_endpoint.monitoring.id
}
