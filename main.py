if __name__ == "__main__":
    from cnnviz.app import main

    raise SystemExit(main())
