"""Tests of Tuan."""
