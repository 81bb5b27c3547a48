; ModuleID = '__compute_module_wrapped_dynamic-slice_kernel_module'
source_filename = "__compute_module_wrapped_dynamic-slice_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @wrapped_dynamic-slice(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
wrapped_dynamic-slice_wrapped.exit:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 48
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !6
  tail call void @llvm.experimental.noalias.scope.decl(metadata !7)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !10)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !12)
  %8 = load i32, ptr %5, align 4, !invariant.load !3, !alias.scope !10, !noalias !14
  %9 = icmp sgt i32 %8, 0
  %10 = zext i1 %9 to i64
  %invariant.gep = getelementptr [4 x i8], ptr %3, i64 %10
  %11 = load float, ptr %invariant.gep, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  store float %11, ptr %7, align 4, !alias.scope !12, !noalias !16
  %gep.1 = getelementptr i8, ptr %invariant.gep, i64 4
  %12 = load float, ptr %gep.1, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %13 = getelementptr inbounds nuw i8, ptr %7, i64 4
  store float %12, ptr %13, align 4, !alias.scope !12, !noalias !16
  %gep.2 = getelementptr i8, ptr %invariant.gep, i64 8
  %14 = load float, ptr %gep.2, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %15 = getelementptr inbounds nuw i8, ptr %7, i64 8
  store float %14, ptr %15, align 4, !alias.scope !12, !noalias !16
  %gep.3 = getelementptr i8, ptr %invariant.gep, i64 12
  %16 = load float, ptr %gep.3, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %17 = getelementptr inbounds nuw i8, ptr %7, i64 12
  store float %16, ptr %17, align 4, !alias.scope !12, !noalias !16
  %gep.4 = getelementptr i8, ptr %invariant.gep, i64 16
  %18 = load float, ptr %gep.4, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %19 = getelementptr inbounds nuw i8, ptr %7, i64 16
  store float %18, ptr %19, align 4, !alias.scope !12, !noalias !16
  %gep.5 = getelementptr i8, ptr %invariant.gep, i64 20
  %20 = load float, ptr %gep.5, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %21 = getelementptr inbounds nuw i8, ptr %7, i64 20
  store float %20, ptr %21, align 4, !alias.scope !12, !noalias !16
  %gep.6 = getelementptr i8, ptr %invariant.gep, i64 24
  %22 = load float, ptr %gep.6, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %23 = getelementptr inbounds nuw i8, ptr %7, i64 24
  store float %22, ptr %23, align 4, !alias.scope !12, !noalias !16
  %gep.7 = getelementptr i8, ptr %invariant.gep, i64 28
  %24 = load float, ptr %gep.7, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %25 = getelementptr inbounds nuw i8, ptr %7, i64 28
  store float %24, ptr %25, align 4, !alias.scope !12, !noalias !16
  %gep.8 = getelementptr i8, ptr %invariant.gep, i64 32
  %26 = load float, ptr %gep.8, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %27 = getelementptr inbounds nuw i8, ptr %7, i64 32
  store float %26, ptr %27, align 4, !alias.scope !12, !noalias !16
  %gep.9 = getelementptr i8, ptr %invariant.gep, i64 36
  %28 = load float, ptr %gep.9, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %29 = getelementptr inbounds nuw i8, ptr %7, i64 36
  store float %28, ptr %29, align 4, !alias.scope !12, !noalias !16
  %gep.10 = getelementptr i8, ptr %invariant.gep, i64 40
  %30 = load float, ptr %gep.10, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %31 = getelementptr inbounds nuw i8, ptr %7, i64 40
  store float %30, ptr %31, align 4, !alias.scope !12, !noalias !16
  %gep.11 = getelementptr i8, ptr %invariant.gep, i64 44
  %32 = load float, ptr %gep.11, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %33 = getelementptr inbounds nuw i8, ptr %7, i64 44
  store float %32, ptr %33, align 4, !alias.scope !12, !noalias !16
  %gep.12 = getelementptr i8, ptr %invariant.gep, i64 48
  %34 = load float, ptr %gep.12, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %35 = getelementptr inbounds nuw i8, ptr %7, i64 48
  store float %34, ptr %35, align 4, !alias.scope !12, !noalias !16
  %gep.13 = getelementptr i8, ptr %invariant.gep, i64 52
  %36 = load float, ptr %gep.13, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %37 = getelementptr inbounds nuw i8, ptr %7, i64 52
  store float %36, ptr %37, align 4, !alias.scope !12, !noalias !16
  %gep.14 = getelementptr i8, ptr %invariant.gep, i64 56
  %38 = load float, ptr %gep.14, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %39 = getelementptr inbounds nuw i8, ptr %7, i64 56
  store float %38, ptr %39, align 4, !alias.scope !12, !noalias !16
  %gep.15 = getelementptr i8, ptr %invariant.gep, i64 60
  %40 = load float, ptr %gep.15, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %41 = getelementptr inbounds nuw i8, ptr %7, i64 60
  store float %40, ptr %41, align 4, !alias.scope !12, !noalias !16
  %gep.16 = getelementptr i8, ptr %invariant.gep, i64 64
  %42 = load float, ptr %gep.16, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %43 = getelementptr inbounds nuw i8, ptr %7, i64 64
  store float %42, ptr %43, align 4, !alias.scope !12, !noalias !16
  %gep.17 = getelementptr i8, ptr %invariant.gep, i64 68
  %44 = load float, ptr %gep.17, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %45 = getelementptr inbounds nuw i8, ptr %7, i64 68
  store float %44, ptr %45, align 4, !alias.scope !12, !noalias !16
  %gep.18 = getelementptr i8, ptr %invariant.gep, i64 72
  %46 = load float, ptr %gep.18, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %47 = getelementptr inbounds nuw i8, ptr %7, i64 72
  store float %46, ptr %47, align 4, !alias.scope !12, !noalias !16
  %gep.19 = getelementptr i8, ptr %invariant.gep, i64 76
  %48 = load float, ptr %gep.19, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %49 = getelementptr inbounds nuw i8, ptr %7, i64 76
  store float %48, ptr %49, align 4, !alias.scope !12, !noalias !16
  %gep.20 = getelementptr i8, ptr %invariant.gep, i64 80
  %50 = load float, ptr %gep.20, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %51 = getelementptr inbounds nuw i8, ptr %7, i64 80
  store float %50, ptr %51, align 4, !alias.scope !12, !noalias !16
  %gep.21 = getelementptr i8, ptr %invariant.gep, i64 84
  %52 = load float, ptr %gep.21, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %53 = getelementptr inbounds nuw i8, ptr %7, i64 84
  store float %52, ptr %53, align 4, !alias.scope !12, !noalias !16
  %gep.22 = getelementptr i8, ptr %invariant.gep, i64 88
  %54 = load float, ptr %gep.22, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %55 = getelementptr inbounds nuw i8, ptr %7, i64 88
  store float %54, ptr %55, align 4, !alias.scope !12, !noalias !16
  %gep.23 = getelementptr i8, ptr %invariant.gep, i64 92
  %56 = load float, ptr %gep.23, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %57 = getelementptr inbounds nuw i8, ptr %7, i64 92
  store float %56, ptr %57, align 4, !alias.scope !12, !noalias !16
  %gep.24 = getelementptr i8, ptr %invariant.gep, i64 96
  %58 = load float, ptr %gep.24, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %59 = getelementptr inbounds nuw i8, ptr %7, i64 96
  store float %58, ptr %59, align 4, !alias.scope !12, !noalias !16
  %gep.25 = getelementptr i8, ptr %invariant.gep, i64 100
  %60 = load float, ptr %gep.25, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %61 = getelementptr inbounds nuw i8, ptr %7, i64 100
  store float %60, ptr %61, align 4, !alias.scope !12, !noalias !16
  %gep.26 = getelementptr i8, ptr %invariant.gep, i64 104
  %62 = load float, ptr %gep.26, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %63 = getelementptr inbounds nuw i8, ptr %7, i64 104
  store float %62, ptr %63, align 4, !alias.scope !12, !noalias !16
  %gep.27 = getelementptr i8, ptr %invariant.gep, i64 108
  %64 = load float, ptr %gep.27, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %65 = getelementptr inbounds nuw i8, ptr %7, i64 108
  store float %64, ptr %65, align 4, !alias.scope !12, !noalias !16
  %gep.28 = getelementptr i8, ptr %invariant.gep, i64 112
  %66 = load float, ptr %gep.28, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %67 = getelementptr inbounds nuw i8, ptr %7, i64 112
  store float %66, ptr %67, align 4, !alias.scope !12, !noalias !16
  %gep.29 = getelementptr i8, ptr %invariant.gep, i64 116
  %68 = load float, ptr %gep.29, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %69 = getelementptr inbounds nuw i8, ptr %7, i64 116
  store float %68, ptr %69, align 4, !alias.scope !12, !noalias !16
  %gep.30 = getelementptr i8, ptr %invariant.gep, i64 120
  %70 = load float, ptr %gep.30, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %71 = getelementptr inbounds nuw i8, ptr %7, i64 120
  store float %70, ptr %71, align 4, !alias.scope !12, !noalias !16
  %gep.31 = getelementptr i8, ptr %invariant.gep, i64 124
  %72 = load float, ptr %gep.31, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %73 = getelementptr inbounds nuw i8, ptr %7, i64 124
  store float %72, ptr %73, align 4, !alias.scope !12, !noalias !16
  %gep.32 = getelementptr i8, ptr %invariant.gep, i64 128
  %74 = load float, ptr %gep.32, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %75 = getelementptr inbounds nuw i8, ptr %7, i64 128
  store float %74, ptr %75, align 4, !alias.scope !12, !noalias !16
  %gep.33 = getelementptr i8, ptr %invariant.gep, i64 132
  %76 = load float, ptr %gep.33, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %77 = getelementptr inbounds nuw i8, ptr %7, i64 132
  store float %76, ptr %77, align 4, !alias.scope !12, !noalias !16
  %gep.34 = getelementptr i8, ptr %invariant.gep, i64 136
  %78 = load float, ptr %gep.34, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %79 = getelementptr inbounds nuw i8, ptr %7, i64 136
  store float %78, ptr %79, align 4, !alias.scope !12, !noalias !16
  %gep.35 = getelementptr i8, ptr %invariant.gep, i64 140
  %80 = load float, ptr %gep.35, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %81 = getelementptr inbounds nuw i8, ptr %7, i64 140
  store float %80, ptr %81, align 4, !alias.scope !12, !noalias !16
  %gep.36 = getelementptr i8, ptr %invariant.gep, i64 144
  %82 = load float, ptr %gep.36, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %83 = getelementptr inbounds nuw i8, ptr %7, i64 144
  store float %82, ptr %83, align 4, !alias.scope !12, !noalias !16
  %gep.37 = getelementptr i8, ptr %invariant.gep, i64 148
  %84 = load float, ptr %gep.37, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %85 = getelementptr inbounds nuw i8, ptr %7, i64 148
  store float %84, ptr %85, align 4, !alias.scope !12, !noalias !16
  %gep.38 = getelementptr i8, ptr %invariant.gep, i64 152
  %86 = load float, ptr %gep.38, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %87 = getelementptr inbounds nuw i8, ptr %7, i64 152
  store float %86, ptr %87, align 4, !alias.scope !12, !noalias !16
  %gep.39 = getelementptr i8, ptr %invariant.gep, i64 156
  %88 = load float, ptr %gep.39, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %89 = getelementptr inbounds nuw i8, ptr %7, i64 156
  store float %88, ptr %89, align 4, !alias.scope !12, !noalias !16
  %gep.40 = getelementptr i8, ptr %invariant.gep, i64 160
  %90 = load float, ptr %gep.40, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %91 = getelementptr inbounds nuw i8, ptr %7, i64 160
  store float %90, ptr %91, align 4, !alias.scope !12, !noalias !16
  %gep.41 = getelementptr i8, ptr %invariant.gep, i64 164
  %92 = load float, ptr %gep.41, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %93 = getelementptr inbounds nuw i8, ptr %7, i64 164
  store float %92, ptr %93, align 4, !alias.scope !12, !noalias !16
  %gep.42 = getelementptr i8, ptr %invariant.gep, i64 168
  %94 = load float, ptr %gep.42, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %95 = getelementptr inbounds nuw i8, ptr %7, i64 168
  store float %94, ptr %95, align 4, !alias.scope !12, !noalias !16
  %gep.43 = getelementptr i8, ptr %invariant.gep, i64 172
  %96 = load float, ptr %gep.43, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %97 = getelementptr inbounds nuw i8, ptr %7, i64 172
  store float %96, ptr %97, align 4, !alias.scope !12, !noalias !16
  %gep.44 = getelementptr i8, ptr %invariant.gep, i64 176
  %98 = load float, ptr %gep.44, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %99 = getelementptr inbounds nuw i8, ptr %7, i64 176
  store float %98, ptr %99, align 4, !alias.scope !12, !noalias !16
  %gep.45 = getelementptr i8, ptr %invariant.gep, i64 180
  %100 = load float, ptr %gep.45, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %101 = getelementptr inbounds nuw i8, ptr %7, i64 180
  store float %100, ptr %101, align 4, !alias.scope !12, !noalias !16
  %gep.46 = getelementptr i8, ptr %invariant.gep, i64 184
  %102 = load float, ptr %gep.46, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %103 = getelementptr inbounds nuw i8, ptr %7, i64 184
  store float %102, ptr %103, align 4, !alias.scope !12, !noalias !16
  %gep.47 = getelementptr i8, ptr %invariant.gep, i64 188
  %104 = load float, ptr %gep.47, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %105 = getelementptr inbounds nuw i8, ptr %7, i64 188
  store float %104, ptr %105, align 4, !alias.scope !12, !noalias !16
  %gep.48 = getelementptr i8, ptr %invariant.gep, i64 192
  %106 = load float, ptr %gep.48, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %107 = getelementptr inbounds nuw i8, ptr %7, i64 192
  store float %106, ptr %107, align 4, !alias.scope !12, !noalias !16
  %gep.49 = getelementptr i8, ptr %invariant.gep, i64 196
  %108 = load float, ptr %gep.49, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %109 = getelementptr inbounds nuw i8, ptr %7, i64 196
  store float %108, ptr %109, align 4, !alias.scope !12, !noalias !16
  %gep.50 = getelementptr i8, ptr %invariant.gep, i64 200
  %110 = load float, ptr %gep.50, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %111 = getelementptr inbounds nuw i8, ptr %7, i64 200
  store float %110, ptr %111, align 4, !alias.scope !12, !noalias !16
  %gep.51 = getelementptr i8, ptr %invariant.gep, i64 204
  %112 = load float, ptr %gep.51, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %113 = getelementptr inbounds nuw i8, ptr %7, i64 204
  store float %112, ptr %113, align 4, !alias.scope !12, !noalias !16
  %gep.52 = getelementptr i8, ptr %invariant.gep, i64 208
  %114 = load float, ptr %gep.52, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %115 = getelementptr inbounds nuw i8, ptr %7, i64 208
  store float %114, ptr %115, align 4, !alias.scope !12, !noalias !16
  %gep.53 = getelementptr i8, ptr %invariant.gep, i64 212
  %116 = load float, ptr %gep.53, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %117 = getelementptr inbounds nuw i8, ptr %7, i64 212
  store float %116, ptr %117, align 4, !alias.scope !12, !noalias !16
  %gep.54 = getelementptr i8, ptr %invariant.gep, i64 216
  %118 = load float, ptr %gep.54, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %119 = getelementptr inbounds nuw i8, ptr %7, i64 216
  store float %118, ptr %119, align 4, !alias.scope !12, !noalias !16
  %gep.55 = getelementptr i8, ptr %invariant.gep, i64 220
  %120 = load float, ptr %gep.55, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %121 = getelementptr inbounds nuw i8, ptr %7, i64 220
  store float %120, ptr %121, align 4, !alias.scope !12, !noalias !16
  %gep.56 = getelementptr i8, ptr %invariant.gep, i64 224
  %122 = load float, ptr %gep.56, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %123 = getelementptr inbounds nuw i8, ptr %7, i64 224
  store float %122, ptr %123, align 4, !alias.scope !12, !noalias !16
  %gep.57 = getelementptr i8, ptr %invariant.gep, i64 228
  %124 = load float, ptr %gep.57, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %125 = getelementptr inbounds nuw i8, ptr %7, i64 228
  store float %124, ptr %125, align 4, !alias.scope !12, !noalias !16
  %gep.58 = getelementptr i8, ptr %invariant.gep, i64 232
  %126 = load float, ptr %gep.58, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %127 = getelementptr inbounds nuw i8, ptr %7, i64 232
  store float %126, ptr %127, align 4, !alias.scope !12, !noalias !16
  %gep.59 = getelementptr i8, ptr %invariant.gep, i64 236
  %128 = load float, ptr %gep.59, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %129 = getelementptr inbounds nuw i8, ptr %7, i64 236
  store float %128, ptr %129, align 4, !alias.scope !12, !noalias !16
  %gep.60 = getelementptr i8, ptr %invariant.gep, i64 240
  %130 = load float, ptr %gep.60, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %131 = getelementptr inbounds nuw i8, ptr %7, i64 240
  store float %130, ptr %131, align 4, !alias.scope !12, !noalias !16
  %gep.61 = getelementptr i8, ptr %invariant.gep, i64 244
  %132 = load float, ptr %gep.61, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %133 = getelementptr inbounds nuw i8, ptr %7, i64 244
  store float %132, ptr %133, align 4, !alias.scope !12, !noalias !16
  %gep.62 = getelementptr i8, ptr %invariant.gep, i64 248
  %134 = load float, ptr %gep.62, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %135 = getelementptr inbounds nuw i8, ptr %7, i64 248
  store float %134, ptr %135, align 4, !alias.scope !12, !noalias !16
  %gep.63 = getelementptr i8, ptr %invariant.gep, i64 252
  %136 = load float, ptr %gep.63, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %137 = getelementptr inbounds nuw i8, ptr %7, i64 252
  store float %136, ptr %137, align 4, !alias.scope !12, !noalias !16
  %gep.64 = getelementptr i8, ptr %invariant.gep, i64 256
  %138 = load float, ptr %gep.64, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %139 = getelementptr inbounds nuw i8, ptr %7, i64 256
  store float %138, ptr %139, align 4, !alias.scope !12, !noalias !16
  %gep.65 = getelementptr i8, ptr %invariant.gep, i64 260
  %140 = load float, ptr %gep.65, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %141 = getelementptr inbounds nuw i8, ptr %7, i64 260
  store float %140, ptr %141, align 4, !alias.scope !12, !noalias !16
  %gep.66 = getelementptr i8, ptr %invariant.gep, i64 264
  %142 = load float, ptr %gep.66, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %143 = getelementptr inbounds nuw i8, ptr %7, i64 264
  store float %142, ptr %143, align 4, !alias.scope !12, !noalias !16
  %gep.67 = getelementptr i8, ptr %invariant.gep, i64 268
  %144 = load float, ptr %gep.67, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %145 = getelementptr inbounds nuw i8, ptr %7, i64 268
  store float %144, ptr %145, align 4, !alias.scope !12, !noalias !16
  %gep.68 = getelementptr i8, ptr %invariant.gep, i64 272
  %146 = load float, ptr %gep.68, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %147 = getelementptr inbounds nuw i8, ptr %7, i64 272
  store float %146, ptr %147, align 4, !alias.scope !12, !noalias !16
  %gep.69 = getelementptr i8, ptr %invariant.gep, i64 276
  %148 = load float, ptr %gep.69, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %149 = getelementptr inbounds nuw i8, ptr %7, i64 276
  store float %148, ptr %149, align 4, !alias.scope !12, !noalias !16
  %gep.70 = getelementptr i8, ptr %invariant.gep, i64 280
  %150 = load float, ptr %gep.70, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %151 = getelementptr inbounds nuw i8, ptr %7, i64 280
  store float %150, ptr %151, align 4, !alias.scope !12, !noalias !16
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 288}
!5 = !{i64 4}
!6 = !{i64 284}
!7 = !{!8}
!8 = distinct !{!8, !9, !"wrapped_dynamic-slice_wrapped: argument 0"}
!9 = distinct !{!9, !"wrapped_dynamic-slice_wrapped"}
!10 = !{!11}
!11 = distinct !{!11, !9, !"wrapped_dynamic-slice_wrapped: argument 1"}
!12 = !{!13}
!13 = distinct !{!13, !9, !"wrapped_dynamic-slice_wrapped: argument 2"}
!14 = !{!8, !13}
!15 = !{!11, !13}
!16 = !{!8, !11}
